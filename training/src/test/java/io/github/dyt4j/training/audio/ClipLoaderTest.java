package io.github.dyt4j.training.audio;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.training.audio.ClipLoader.Fit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** With clips whose samples are their own places, a batch says where it was taken from. */
final class ClipLoaderTest {
    private static final int CLIPS = 53;
    private static final int BATCH = 5;

    private static final ClipSet PLACES = new ClipSet() {
        @Override
        public int size() {
            return CLIPS;
        }

        @Override
        public int samples(int i) {
            return 20 + i * 17 % CLIPS;
        }

        @Override
        public Optional<float[]> waveform(int i) {
            float[] x = new float[samples(i)];
            for (int k = 0; k < x.length; k++) {
                x[k] = 1000 * i + k + 1;
            }
            return i == 13 ? Optional.empty() : Optional.of(x);
        }

        @Override
        public String text(int i) {
            return "";
        }
    };

    private static List<ClipBatch> take(ClipLoader loader, int count) {
        try (loader) {
            return IntStream.range(0, count).mapToObj(_ -> loader.next()).toList();
        }
    }

    private static ClipLoader training(boolean crop, long seed, long from, int threads) {
        return ClipLoader.training(PLACES, new Fit(crop, 50), BATCH, seed, from, threads);
    }

    private static void assertSame(List<ClipBatch> actual, List<ClipBatch> expected) {
        assertThat(actual).hasSameSizeAs(expected);
        for (int i = 0; i < actual.size(); i++) {
            assertThat(actual.get(i).clips()).isEqualTo(expected.get(i).clips());
            assertThat(actual.get(i).values()).isEqualTo(expected.get(i).values());
        }
    }

    @Test
    void seedAndPositionDecideEveryBatch() {
        List<ClipBatch> unbroken = take(training(true, 1, 0, 1), 25);
        for (int from : new int[] {0, 1, 9, 10, 11, 24}) {
            assertSame(take(training(true, 1, from, 3), 25 - from), unbroken.subList(from, 25));
        }
        assertThat(take(training(true, 2, 0, 1), 1).getFirst().clips())
                .isNotEqualTo(unbroken.getFirst().clips());
    }

    @Test
    void aPassTakesEveryClipAtMostOnceAndPairsItAnew() {
        List<ClipBatch> passes = take(training(true, 1, 0, 2), 20);
        List<Set<Integer>> firsts = new ArrayList<>();
        for (List<ClipBatch> pass : List.of(passes.subList(0, 10), passes.subList(10, 20))) {
            List<Integer> clips =
                    pass.stream().flatMap(b -> Arrays.stream(b.clips()).boxed()).toList();
            assertThat(clips).doesNotHaveDuplicates().hasSizeBetween(49, 50); // 3 over, and one that cannot be used
            pass.forEach(b ->
                    firsts.add(new HashSet<>(Arrays.stream(b.clips()).boxed().toList())));
        }
        Set<Set<Integer>> again = new HashSet<>(firsts.subList(0, 10));
        again.retainAll(firsts.subList(10, 20));
        assertThat(again).hasSizeLessThan(4); // by chance
        List<Integer> lengths =
                passes.subList(0, 10).stream().map(ClipBatch::samples).toList();
        assertThat(lengths).isNotEqualTo(lengths.stream().sorted().toList());
    }

    @Test
    void croppedToTheShortestOfTheBatch() {
        boolean[] inside = new boolean[1];
        for (ClipBatch b : take(training(true, 3, 0, 1), 30)) {
            int shortest = Arrays.stream(b.clips()).map(PLACES::samples).min().orElseThrow();
            int longest = Arrays.stream(b.clips()).map(PLACES::samples).max().orElseThrow();
            int t = Math.min(50, shortest);
            assertThat(longest).isLessThanOrEqualTo(2 * shortest); // of similar length
            assertThat(b.lengths()).containsOnly(t);
            assertThat(b.samples()).isEqualTo(t);
            for (int row = 0; row < b.n(); row++) {
                float first = b.values()[row * t] - 1000 * b.clips()[row] - 1;
                inside[0] |= first > 0;
                assertThat(first).isBetween(0f, (float) PLACES.samples(b.clips()[row]) - t);
                for (int k = 1; k < t; k++) {
                    assertThat(b.values()[row * t + k]).isEqualTo(b.values()[row * t] + k);
                }
            }
        }
        assertThat(inside[0]).isTrue();
    }

    @Test
    void paddedToTheLongest() {
        for (ClipBatch b : take(training(false, 3, 0, 1), 30)) {
            for (int row = 0; row < b.n(); row++) {
                int own = PLACES.samples(b.clips()[row]);
                assertThat(b.lengths()[row]).isEqualTo(own);
                for (int k = 0; k < b.samples(); k++) {
                    assertThat(b.values()[row * b.samples() + k])
                            .isEqualTo(k < own ? 1000 * b.clips()[row] + k + 1 : 0);
                }
            }
        }
    }

    /** Clip 13 gives nothing, and is a batch of its own here. */
    @Test
    void aBatchWithoutAUsableClipIsPassedOver() {
        List<Integer> clips = new ArrayList<>();
        try (ClipLoader loader = ClipLoader.evaluation(PLACES, new Fit(true, 1000), 1, 2)) {
            loader.forEachRemaining(b -> clips.add(b.clips()[0]));
        }
        assertThat(clips).hasSize(CLIPS - 1).doesNotContain(13);
        List<ClipBatch> pass = take(ClipLoader.training(PLACES, new Fit(true, 50), 1, 1, 0, 2), CLIPS);
        assertThat(pass).allSatisfy(b -> assertThat(b.clips()).hasSize(1).doesNotContain(13));
        assertSame(
                take(ClipLoader.training(PLACES, new Fit(true, 50), 1, 1, 40, 1), CLIPS - 40), pass.subList(40, CLIPS));
    }

    @Test
    void evaluationTakesEveryClipOnceFromTheShortestOn() {
        List<Integer> clips = new ArrayList<>();
        int before = 0;
        try (ClipLoader loader = ClipLoader.evaluation(PLACES, new Fit(true, 1000), BATCH, 2)) {
            while (loader.hasNext()) {
                ClipBatch b = loader.next();
                assertThat(b.samples()).isGreaterThanOrEqualTo(before);
                before = b.samples();
                for (int row = 0; row < b.n(); row++) {
                    clips.add(b.clips()[row]);
                    assertThat(b.values()[row * b.samples()]).isEqualTo(1000 * b.clips()[row] + 1);
                }
            }
        }
        assertThat(clips).hasSize(CLIPS - 1).doesNotHaveDuplicates().doesNotContain(13);
    }
}
