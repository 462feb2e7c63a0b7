package io.github.dyt4j.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.formats.UserError;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The laws that random parameters follow, by their statistics over streams of a fixed seed; bounds are five standard errors or wider. */
class RandomLawsTest {
    private static final long SEED = 20250313;
    private static final int N = 20_000;

    private static double[] draws(ToDoubleFunction<Rng> draw) {
        return IntStream.range(0, N)
                .mapToDouble(i -> draw.applyAsDouble(Rng.of(SEED, 3, i)))
                .toArray();
    }

    private static double mean(double[] x) {
        return Arrays.stream(x).average().orElseThrow();
    }

    private static double variance(double[] x) {
        double m = mean(x);
        return Arrays.stream(x).map(v -> (v - m) * (v - m)).average().orElseThrow();
    }

    @Test
    void neighbouringStreamsAreUniformAndUnrelated() {
        double[] first = draws(Rng::nextDouble);
        assertThat(mean(first)).isCloseTo(0.5, within(0.011));
        assertThat(variance(first)).isCloseTo(1 / 12.0, within(0.003));
        double[] product = draws(r -> (r.nextDouble() - 0.5) * (r.nextDouble() - 0.5));
        assertThat(mean(product)).isCloseTo(0, within(0.003));
        double lag = 0;
        for (int i = 1; i < N; i++) {
            lag += (first[i] - 0.5) * (first[i - 1] - 0.5) / N;
        }
        assertThat(lag).isCloseTo(0, within(0.003));
        Set<Long> starts = new HashSet<>();
        for (int seed = 0; seed < 20; seed++) {
            for (int epoch = 0; epoch < 20; epoch++) {
                for (int i = 0; i < 20; i++) {
                    starts.add(Rng.of(seed, epoch, i).nextLong());
                }
            }
        }
        assertThat(starts).hasSize(8000);
        assertThat(Rng.of(1, 2, 3).nextLong()).isEqualTo(Rng.of(1, 2, 3).nextLong());
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.2, 0.8, 1, 3})
    void betaHasItsMoments(double alpha) {
        double[] x = draws(r -> r.beta(alpha));
        assertThat(Arrays.stream(x)).allMatch(v -> v >= 0 && v <= 1);
        assertThat(mean(x)).isCloseTo(0.5, within(0.02));
        assertThat(variance(x)).isCloseTo(0.25 / (2 * alpha + 1), within(0.008));
    }

    @Test
    void permutationsAreUniform() {
        int[][] counts = new int[5][5];
        for (int i = 0; i < N; i++) {
            int[] p = Rng.of(SEED, 0, i).permutation(5);
            assertThat(IntStream.of(p).sorted()).containsExactly(0, 1, 2, 3, 4);
            for (int k = 0; k < 5; k++) {
                counts[k][p[k]]++;
            }
        }
        for (int[] row : counts) {
            for (int c : row) {
                assertThat(c).isCloseTo(N / 5, within(300));
            }
        }
    }

    @Test
    void flipsAsOftenAsAsked() {
        Image image = new Image(2, 1, 1, new byte[] {1, 2});
        Transform flip = new Transform.HorizontalFlip(0.3);
        assertThat(mean(draws(r -> flip.apply(image, r).at(0, 0, 0) - 1))).isCloseTo(0.3, within(0.017));
    }

    @Test
    void resizedCropsKeepTheirScaleAndRatio() {
        RandomResizedCrop law = new RandomResizedCrop(224, 0.08, 1, 0.75, 4 / 3.0, Interpolation.BICUBIC);
        double[] areas = new double[N];
        for (int i = 0; i < N; i++) {
            Crop c = law.crop(400, 400, Rng.of(SEED, 0, i));
            areas[i] = c.height() * c.width() / 160_000.0;
            assertThat((double) c.width() / c.height()).isBetween(0.73, 1.36);
            assertThat(areas[i]).isBetween(0.079, 1.0);
            assertThat(c.top()).isBetween(0, 400 - c.height());
            assertThat(c.left()).isBetween(0, 400 - c.width());
        }
        // Rejection of what does not fit thins out the largest areas alone: below 0.7 the law is uniform.
        double small = Arrays.stream(areas).filter(a -> a < 0.35).count();
        double middle = Arrays.stream(areas).filter(a -> a >= 0.43 && a < 0.70).count();
        assertThat(small / middle).isCloseTo(1, within(0.1));
    }

    @Test
    void aCropThatNeverFitsIsTheMiddle() {
        RandomResizedCrop law = new RandomResizedCrop(10, 0.9, 1, 0.75, 4 / 3.0, Interpolation.BICUBIC);
        assertThat(law.crop(10, 100, Rng.of(SEED, 0, 0))).isEqualTo(new Crop(0, 43, 10, 13));
        assertThat(law.crop(100, 10, Rng.of(SEED, 0, 0))).isEqualTo(new Crop(43, 0, 13, 10));
        assertThat(law.middle(10, 11)).isEqualTo(new Crop(0, 0, 10, 11));
    }

    @Test
    void paddedCropsReachEveryPlace() {
        Image image = new Image(4, 4, 1, new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16});
        Set<Integer> corners = new HashSet<>();
        for (int i = 0; i < 500; i++) {
            Image crop = new RandomCrop(4, 1).apply(image, Rng.of(SEED, 0, i));
            corners.add(crop.at(1, 1, 0));
        }
        assertThat(corners).containsExactlyInAnyOrder(1, 2, 3, 5, 6, 7, 9, 10, 11);
    }

    @Test
    void erasedAreasAreWithinTheirRange() {
        RandomErasing law = RandomErasing.of(0.25, RandomErasing.Mode.PIXEL, 1);
        double[] area = draws(r -> {
            RandomErasing.Box b = java.util.Objects.requireNonNull(law.box(224, 224, 1, r));
            assertThat((double) b.height() / b.width()).isBetween(0.29, 3.5);
            assertThat(b.top() + b.height()).isLessThanOrEqualTo(224);
            assertThat(b.left() + b.width()).isLessThanOrEqualTo(224);
            return b.height() * b.width() / (224.0 * 224);
        });
        assertThat(Arrays.stream(area).min().orElseThrow()).isBetween(0.019, 0.022);
        assertThat(Arrays.stream(area).max().orElseThrow()).isBetween(0.325, 0.336);
        assertThat(mean(area)).isCloseTo((0.02 + 1 / 3.0) / 2, within(0.01));
    }

    @Test
    void erasingHappensAsOftenAsAskedAndFillsWithNoise() {
        RandomErasing law = RandomErasing.of(0.25, RandomErasing.Mode.PIXEL, 1);
        double[] erased = new double[4000];
        double sum = 0;
        double squares = 0;
        long count = 0;
        for (int i = 0; i < erased.length; i++) {
            float[] x = new float[3 * 16 * 16];
            Arrays.fill(x, 99);
            law.apply(x, 0, 3, 16, 16, Rng.of(SEED, 0, i));
            for (float v : x) {
                if (v != 99) {
                    erased[i] = 1;
                    sum += v;
                    squares += v * v;
                    count++;
                }
            }
        }
        assertThat(mean(erased)).isCloseTo(0.25, within(0.035));
        assertThat(sum / count).isCloseTo(0, within(0.02));
        assertThat(squares / count).isCloseTo(1, within(0.03));
    }

    @Test
    void erasingInTheOtherModesAndCounts() {
        float[] one = new float[3 * 40 * 40];
        Arrays.fill(one, 99);
        RandomErasing.of(1, RandomErasing.Mode.RAND, 1).apply(one, 0, 3, 40, 40, Rng.of(SEED, 0, 0));
        for (int c = 0; c < 3; c++) {
            Set<Float> values = new HashSet<>();
            for (int i = c * 1600; i < (c + 1) * 1600; i++) {
                values.add(one[i]);
            }
            assertThat(values).hasSize(2);
        }
        RandomErasing several = new RandomErasing(1, RandomErasing.Mode.CONST, 1, 3, 0.02, 1 / 3.0);
        double[] share = draws(r -> {
            float[] x = new float[1600];
            Arrays.fill(x, 1);
            several.apply(x, 0, 1, 40, 40, r);
            double left = 0;
            for (float v : x) {
                left += v;
            }
            return 1 - left / 1600;
        });
        assertThat(Arrays.stream(share).max().orElseThrow()).isLessThan(0.36);
        assertThat(mean(share)).isBetween(0.13, 0.18);
    }

    @Test
    void magnitudesAreNormalAndHeldInTheirRange() {
        RandAugment ra = RandAugment.parse("rand-m9-mstd0.5-inc1", Interpolation.BICUBIC, List.of(0));
        assertThat(ra).isEqualTo(new RandAugment(9, 0.5, 10, 2, 0.5, true, Interpolation.BICUBIC, List.of(0)));
        double[] x = draws(ra::level);
        assertThat(Arrays.stream(x)).allMatch(v -> v >= 0 && v <= 10);
        assertThat(mean(x)).isCloseTo(9, within(0.02)); // the cut at 10 takes 0.004 away
        assertThat(Math.sqrt(variance(x))).isCloseTo(0.5, within(0.02));
        double[] uniform = draws(RandAugment.parse("rand-m8-mstd101", Interpolation.BICUBIC, List.of(0))::level);
        assertThat(mean(uniform)).isCloseTo(4, within(0.09));
        assertThat(variance(uniform)).isCloseTo(64 / 12.0, within(0.2));
        double[] fixed = draws(RandAugment.parse("rand-m7-n3", Interpolation.BICUBIC, List.of(0))::level);
        assertThat(fixed).containsOnly(7);
    }

    @Test
    void augmentationChangesImagesAsOftenAsItsProbabilitySays() {
        Image image = Golden.image("input/rgb");
        double untouched = 0;
        for (int i = 0; i < 3000; i++) {
            Transform ra = RandAugment.parse("rand-m9-mstd0.5-inc1", Interpolation.RANDOM, List.of(124, 116, 104));
            Image out = ra.apply(image, Rng.of(SEED, 0, i));
            assertThat(out.pixels()).hasSameSizeAs(image.pixels());
            untouched += Arrays.equals(out.pixels(), image.pixels()) ? 1 : 0;
        }
        // Half of two operations: a quarter is left alone, and a little of what is done shows nothing.
        assertThat(untouched / 3000).isBetween(0.22, 0.33);
    }

    @ParameterizedTest
    @CsvSource({
        "augmix-m3,augmix",
        "rand-x9,x9",
        "rand-m,m",
        "rand-m9-p1.5,probability",
        "rand-n1.5,whole number",
        "rand-m9-tweights,tweights"
    })
    void aRandAugmentThatIsNotKnownIsRefused(String text, String part) {
        assertThatThrownBy(() -> RandAugment.parse(text, Interpolation.BICUBIC, List.of(0)))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("aa cannot be '" + text + "'")
                .hasMessageContaining(part);
    }

    @Test
    void anInterpolationThatIsNotKnownIsRefused() {
        assertThat(Interpolation.of("bicubic")).isEqualTo(Interpolation.BICUBIC);
        assertThatThrownBy(() -> Interpolation.of("bicubik"))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("Did you mean 'bicubic'?");
    }

    @Test
    void mixingFollowsItsProbabilities() {
        Mixup both = new Mixup(0.8, 1, 0.7, 0.4, 0, 2, 5);
        double mixed = 0;
        double cut = 0;
        for (int i = 0; i < N; i++) {
            Mixup.Draw d = both.draw(0, Rng.of(SEED, 0, i));
            mixed += d.lambda() < 1 ? 1 : 0;
            cut += d.cutmix() ? 1 : 0;
            assertThat(both.draw(5, Rng.of(SEED, 0, i)).lambda()).isEqualTo(1);
        }
        assertThat(mixed / N).isCloseTo(0.7, within(0.02));
        assertThat(cut / mixed).isCloseTo(0.4, within(0.02));
        assertThat(draws(r -> new Mixup(0.8, 0, 1, 0.5, 0, 2, 0).draw(9, r).cutmix() ? 1 : 0))
                .containsOnly(0);
        assertThat(draws(r -> new Mixup(0, 1, 1, 0.5, 0, 2, 0).draw(9, r).cutmix() ? 1 : 0))
                .containsOnly(1);
        assertThat(draws(r -> Mixup.smoothing(0.1, 2).draw(0, r).lambda())).containsOnly(1);
    }

    @Test
    void targetsAreDistributionsAndLambdaIsTheShareThatStays() {
        Mixup cutmix = new Mixup(0, 1, 1, 0.5, 0.1, 3, 0);
        for (int i = 0; i < 200; i++) {
            float[] x = new float[2 * 8 * 8]; // image 0 is all 0, image 1 all 1
            Arrays.fill(x, 64, 128, 1);
            float[] t = cutmix.apply(x, new int[] {0, 2}, 1, 8, 8, 0, Rng.of(SEED, 1, i));
            float foreign = 0;
            for (int k = 0; k < 64; k++) {
                foreign += x[k];
            }
            assertThat(t[0] + t[1] + t[2]).isCloseTo(1, within(1e-6f));
            assertThat(t[0]).isCloseTo(0.9f * (1 - foreign / 64) + 0.1f / 3, within(1e-6f));
        }
    }
}
