package io.github.dyt4j.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoaderTest {
    private static final ImageDataset DATA = Samples.counting(53, 6, 4);
    private static final Pipeline AUGMENTED = new Pipeline(
            1,
            4,
            6,
            List.of(new Transform.HorizontalFlip(0.5)),
            Normalize.same(1, 0.5, 0.25),
            RandomErasing.of(0.5, RandomErasing.Mode.PIXEL, 1));
    private static final Pipeline PLAIN = new Pipeline(1, 4, 6, List.of(), Normalize.same(1, 0, 1), null);
    private static final Mixup MIXUP = new Mixup(0.8, 1.0, 0.9, 0.5, 0.1, 3, 0);

    private static List<HostBatch> take(Loader loader, int count) {
        try (loader) {
            List<HostBatch> batches = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                batches.add(loader.next());
            }
            return batches;
        }
    }

    private static void assertSame(HostBatch a, HostBatch b) {
        assertThat(a).usingRecursiveComparison().isEqualTo(b);
    }

    @Test
    void everyThreadCountGivesTheSameBatches() {
        List<HostBatch> one = take(Loader.training(DATA, List.of(AUGMENTED), MIXUP, 8, 7, 0, 0, 1), 20);
        List<HostBatch> four = take(Loader.training(DATA, List.of(AUGMENTED), MIXUP, 8, 7, 0, 0, 4), 20);
        for (int i = 0; i < 20; i++) {
            assertSame(one.get(i), four.get(i));
        }
    }

    @Test
    void anyStartGivesTheRestOfTheUnbrokenRun() {
        List<HostBatch> all = take(Loader.training(DATA, List.of(AUGMENTED), MIXUP, 8, 7, 0, 0, 2), 20);
        for (int start : new int[] {1, 5, 6, 7, 13}) {
            List<HostBatch> rest =
                    take(Loader.training(DATA, List.of(AUGMENTED), MIXUP, 8, 7, start / 6, start % 6, 2), 4);
            for (int i = 0; i < 4; i++) {
                assertSame(rest.get(i), all.get(start + i));
            }
        }
    }

    @Test
    void anEpochShowsEachImageOnceAndDropsTheLastIncompleteBatch() {
        try (Loader loader = Loader.training(DATA, List.of(PLAIN), null, 8, 7, 0, 0, 2)) {
            assertThat(loader.batchesPerEpoch()).isEqualTo(6);
            Set<Integer> seen = new TreeSet<>();
            List<Integer> order = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                HostBatch b = loader.next();
                assertThat(b.epoch()).isZero();
                assertThat(b.number()).isEqualTo(i);
                assertThat(b.n()).isEqualTo(8);
                assertThat(b.targets()).isNull();
                Arrays.stream(b.indices()).forEach(order::add);
                for (int k = 0; k < 8; k++) {
                    assertThat(b.labels()[k]).isEqualTo(b.indices()[k] % 3);
                    assertThat(b.pixels()[k * 24]).isEqualTo(b.indices()[k] / 255f);
                }
            }
            seen.addAll(order);
            assertThat(seen).hasSize(48);
            assertThat(order).isNotEqualTo(order.stream().sorted().toList());
            List<Integer> second = new ArrayList<>();
            for (int i = 0; i < 6; i++) {
                HostBatch b = loader.next();
                assertThat(b.epoch()).isEqualTo(1);
                Arrays.stream(b.indices()).forEach(second::add);
            }
            assertThat(second).isNotEqualTo(order);
        }
    }

    @Test
    void theOrderDependsOnTheSeed() {
        int[] a = take(Loader.training(DATA, List.of(PLAIN), null, 8, 1, 0, 0, 1), 1)
                .getFirst()
                .indices();
        int[] b = take(Loader.training(DATA, List.of(PLAIN), null, 8, 2, 0, 0, 1), 1)
                .getFirst()
                .indices();
        assertThat(a).isNotEqualTo(b);
    }

    @Test
    void theOrderDoesNotDependOnAugmentation() {
        HostBatch a = take(Loader.training(DATA, List.of(PLAIN), null, 8, 1, 0, 0, 1), 1)
                .getFirst();
        HostBatch b = take(Loader.training(DATA, List.of(AUGMENTED), MIXUP, 8, 1, 0, 0, 1), 1)
                .getFirst();
        assertThat(a.indices()).isEqualTo(b.indices());
    }

    @Test
    void anImagesAugmentationDoesNotDependOnItsPlaceInTheBatch() {
        HostBatch eights = take(Loader.training(DATA, List.of(AUGMENTED), null, 8, 1, 0, 1, 1), 1)
                .getFirst();
        HostBatch twelves = take(Loader.training(DATA, List.of(AUGMENTED), null, 12, 1, 0, 0, 1), 1)
                .getFirst();
        for (int i = 0; i < 4; i++) { // batches 8 … 15 and 0 … 11 of one order
            assertThat(eights.indices()[i]).isEqualTo(twelves.indices()[i + 8]);
            assertThat(Arrays.copyOfRange(eights.pixels(), i * 24, i * 24 + 24))
                    .isEqualTo(Arrays.copyOfRange(twelves.pixels(), (i + 8) * 24, (i + 8) * 24 + 24));
        }
    }

    @Test
    void evaluationIsInOrderAndEnds() {
        try (Loader loader = Loader.evaluation(DATA, PLAIN, 8, 3)) {
            List<Integer> seen = new ArrayList<>();
            int batches = 0;
            while (loader.hasNext()) {
                HostBatch b = loader.next();
                assertThat(b.pixels()).hasSize(b.n() * 24);
                Arrays.stream(b.indices()).forEach(seen::add);
                batches++;
            }
            assertThat(seen).isEqualTo(IntStream.range(0, 53).boxed().toList());
            assertThat(batches).isEqualTo(loader.batchesPerEpoch()).isEqualTo(7);
        }
    }

    @Test
    void aBatchLargerThanTheDataIsTheUsersError() {
        assertThatThrownBy(() -> Loader.training(DATA, List.of(PLAIN), null, 64, 0, 0, 0, 1))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("53 training images do not fill one batch of 64");
    }

    @Test
    void aFileThatCannotBeDecodedIsNamedToTheConsumer(@TempDir Path dir) {
        Samples.imageFolder(dir, "val", 4, "cat", "dog");
        Path broken = dir.resolve("train/dog/1.png");
        Samples.write(broken, "no image at all".getBytes(java.nio.charset.StandardCharsets.UTF_8));
        Pipeline rgb = new Pipeline(3, 6, 8, List.of(), Normalize.same(3, 0.5, 0.5), null);
        ImageDataset strict = ImageData.open(dir).train();
        assertThatThrownBy(() -> take(Loader.training(strict, List.of(rgb), null, 4, 0, 0, 0, 2), 2))
                .isInstanceOf(UserError.class)
                .hasMessageContaining(broken.toString())
                .hasMessageContaining("--skip-bad");

        ImageDataset lenient = ImageData.open(dir, true).train();
        List<HostBatch> batches =
                take(Loader.training(lenient, List.of(rgb), Mixup.smoothing(0.1, 2), 4, 0, 0, 0, 2), 2);
        assertThat(batches.stream().mapToInt(HostBatch::n).sum()).isEqualTo(7);
        for (HostBatch b : batches) {
            assertThat(b.pixels()).hasSize(b.n() * 3 * 6 * 8);
            assertThat(b.labels()).hasSize(b.n());
            assertThat(b.targets()).hasSize(b.n() * 2);
        }
        assertThat(lenient.skipped()).hasSize(1).first().asString().contains(broken.toString());
    }

    @Test
    void imagesOfAWrongSizeAreNamed() {
        Pipeline other = new Pipeline(1, 8, 8, List.of(), Normalize.same(1, 0, 1), null);
        assertThatThrownBy(() -> take(Loader.evaluation(DATA, other, 8, 1), 1))
                .hasMessageContaining("count 0")
                .hasMessageContaining("4 x 6");
    }

    @Test
    void aClosedLoaderLeavesNoThreadAndNoBatch() throws InterruptedException {
        Set<Thread> before = Thread.getAllStackTraces().keySet();
        Loader loader = Loader.training(DATA, List.of(AUGMENTED), MIXUP, 8, 7, 0, 0, 3);
        loader.next();
        loader.close();
        assertThat(loader.hasNext()).isFalse();
        for (Thread t : Thread.getAllStackTraces().keySet()) {
            if (!before.contains(t) && t.getName().startsWith("loader-")) {
                t.join(5000);
                assertThat(t.isAlive()).isFalse();
            }
        }
    }

    @Test
    void viewsOfAnImageFollowOneAnotherInItsChance() {
        Pipeline small = new ImageTransforms(
                        4, 1, null, null, Interpolation.BILINEAR, List.of(0.1, 0.5), List.of(1.0, 1.0), 0.5, null, 0, 1)
                .training();
        Pipeline large = new ImageTransforms(
                        6, 1, null, null, Interpolation.BILINEAR, List.of(0.4, 1.0), List.of(1.0, 1.0), 0.5, null, 0, 1)
                .training();
        HostBatch alone = take(Loader.training(DATA, List.of(large), null, 8, 7, 0, 0, 1), 1)
                .getFirst();
        HostBatch both = take(Loader.training(DATA, List.of(large, small, small), null, 8, 7, 0, 0, 3), 1)
                .getFirst();
        assertThat(both.views()).hasSize(3);
        assertThat(both.pixels()).isEqualTo(alone.pixels());
        assertThat(both.views().get(1).height()).isEqualTo(4);
        assertThat(both.views().get(1).pixels()).hasSize(8 * 4 * 4);
        assertThat(both.views().get(1).pixels())
                .isNotEqualTo(both.views().get(2).pixels());
    }
}
