package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SpanMasksTest {
    private static final SpanMasks PAPER = new SpanMasks(0.65, 10, 0, 10);

    /** Where each of F − l + 1 starts is taken with the chance n/(F − l + 1), a frame stays seen if none of the l starts before it is. */
    @ParameterizedTest
    @CsvSource({"0.65, 10, 500", "0.3, 5, 200", "0.065, 10, 1000"})
    void theShareOfHiddenFramesIsWhatTheLawSays(double prob, int length, int frames) {
        double spans = prob * frames / length; // rounded up or down at random
        int starts = frames - length + 1;
        double expected = 0;
        for (int f = 0; f < frames; f++) {
            int covering = Math.min(f, starts - 1) - Math.max(0, f - length + 1) + 1;
            double seen = 1;
            for (int i = 0; i < covering; i++) {
                seen *= 1 - spans / (starts - i);
            }
            expected += (1 - seen) / frames;
        }
        long hidden = 0;
        int clips = 2000;
        for (int seed = 0; seed < clips; seed++) {
            hidden += count(SpanMasks.spans(frames, prob, length, 0, seed));
        }
        assertThat((double) hidden / clips / frames).isCloseTo(expected, within(0.004));
        assertThat(expected).isBetween(0.6 * prob, prob);
    }

    @Test
    void everyRunOfHiddenFramesIsASpanOrMore() {
        for (int seed = 0; seed < 300; seed++) {
            boolean[] hidden = PAPER.time(120, 2, seed);
            int run = 0;
            for (int f = 0; f <= hidden.length; f++) {
                if (f < hidden.length && hidden[f]) {
                    run++;
                } else {
                    assertThat(run).as("seed " + seed).matches(r -> r == 0 || r >= 10);
                    run = 0;
                }
            }
            assertThat(count(hidden)).as("seed " + seed).isBetween(11, 119);
        }
    }

    @Test
    void oneSpanIsExactlyAsLongAsAsked() {
        for (int seed = 0; seed < 50; seed++) {
            assertThat(count(SpanMasks.spans(40, 0.01, 7, 1, seed))).isEqualTo(7);
        }
    }

    @Test
    void spansBeginAnywhere() {
        boolean[] ever = new boolean[30];
        for (int seed = 0; seed < 500; seed++) {
            boolean[] hidden = SpanMasks.spans(30, 0.01, 5, 1, seed);
            for (int f = 0; f < 30; f++) {
                ever[f] |= hidden[f];
            }
        }
        assertThat(count(ever)).isEqualTo(30);
    }

    @ParameterizedTest
    @CsvSource({"3", "4", "9", "10", "11"})
    void aClipNotLongerThanASpanKeepsAFrame(int frames) {
        for (int seed = 0; seed < 50; seed++) {
            boolean[] hidden = PAPER.time(frames, 1, seed);
            assertThat(count(hidden)).as("seed " + seed).isBetween(2, frames - 1);
            assertThat(SpanMasks.negatives(hidden, 5, seed)).hasDimensions(count(hidden), 5);
        }
    }

    @Test
    void nothingIsHiddenWhereNothingIsAsked() {
        assertThat(count(PAPER.features(64, 3))).isZero();
        assertThat(count(new SpanMasks(0, 10, 0, 10).time(64, 2, 3))).isZero();
    }

    @Test
    void distractorsAreOtherHiddenFramesAndAllAlike() {
        long seed = System.nanoTime();
        System.out.println("distractors: seed " + seed);
        boolean[] hidden = PAPER.time(60, 2, seed);
        int[] frames = IntStream.range(0, 60).filter(f -> hidden[f]).toArray();
        int draws = 4000;
        int[][] negatives = SpanMasks.negatives(hidden, draws, seed);
        assertThat(negatives).hasDimensions(frames.length, draws);
        for (int i = 0; i < frames.length; i++) {
            int[] counts = new int[60];
            for (int frame : negatives[i]) {
                counts[frame]++;
            }
            assertThat(counts[frames[i]]).isZero();
            double expected = (double) draws / (frames.length - 1);
            for (int f = 0; f < 60; f++) {
                if (!hidden[f]) {
                    assertThat(counts[f]).isZero();
                } else if (f != frames[i]) {
                    assertThat((double) counts[f]).isCloseTo(expected, within(7 * Math.sqrt(expected)));
                }
            }
        }
    }

    @Test
    void aBatchIsMadeOfItsClips() {
        long seed = new SplittableRandom().nextLong();
        System.out.println("batch of masks: seed " + seed);
        int[] frames = {50, 23, 37};
        long[] seeds = {seed, seed + 1, seed + 2};
        try (var _ = new Scope()) {
            Masking all = Masking.draw(PAPER, frames, 9, seeds);
            assertThat(Tensors.shape(all.mask())).containsExactly(3, 50);
            assertThat(all.mask().scalar_type().toString()).contains(ScalarType.Bool.name());
            long[] mask = Tensors.longs(all.mask());
            long[] negatives = Tensors.longs(all.negatives());
            for (int b = 0; b < 3; b++) {
                Masking alone = Masking.draw(PAPER, new int[] {frames[b]}, 9, new long[] {seeds[b]});
                long[] own = Tensors.longs(alone.mask());
                long[] ownNegatives = Tensors.longs(alone.negatives());
                for (int f = 0; f < 50; f++) {
                    int at = b * 50 + f;
                    assertThat(mask[at]).isEqualTo(f < frames[b] ? own[f] : 0);
                    for (int k = 0; k < 9 && mask[at] == 1; k++) {
                        long negative = negatives[at * 9 + k];
                        assertThat(negative)
                                .isEqualTo(ownNegatives[f * 9 + k] + b * 50L)
                                .isNotEqualTo(at);
                        assertThat(mask[(int) negative]).isEqualTo(1);
                    }
                }
            }
            assertThat(Tensors.longs(Masking.draw(PAPER, frames, 9, seeds).negatives()))
                    .isEqualTo(negatives);
            assertThat(Tensors.longs(
                            Masking.draw(PAPER, frames, 9, new long[] {1, 2, 3}).mask()))
                    .isNotEqualTo(mask);
        }
    }

    @Test
    void tooFewHiddenFramesAreExplained() {
        assertThatThrownBy(() -> Masking.draw(PAPER, new int[] {1}, 9, new long[] {1}))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("1 frame has 0");
        assertThatThrownBy(() -> Masking.draw(new SpanMasks(0, 10, 0, 10), new int[] {80}, 9, new long[] {1}))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("mask_time_prob");
    }

    private static int count(boolean[] hidden) {
        return (int) IntStream.range(0, hidden.length).filter(i -> hidden[i]).count();
    }
}
