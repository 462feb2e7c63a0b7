package io.github.dyt4j.training.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrechetDistanceTest {
    @Test
    void isThatOfScipysMatrixRoot() {
        Map<String, float[]> golden = DiffusionGoldenTest.golden("frechet");
        try (var _ = new Scope()) {
            double expected = DiffusionGoldenTest.get(golden, "distance")[0];
            double distance = FrechetDistance.between(
                    Tensors.of(DiffusionGoldenTest.get(golden, "a"), 40, 7),
                    Tensors.of(DiffusionGoldenTest.get(golden, "b"), 25, 7));
            assertThat(distance).isCloseTo(expected, within(1e-6 * expected));
        }
    }

    /** Moved by d and scaled by s about its mean, a sample of covariance Σ is ‖d‖² + (s − 1)²·tr Σ away from itself. */
    @ParameterizedTest
    @ValueSource(ints = {200, 4}) // 4 points in 5 dimensions: a covariance without full rank
    void ofAMovedAndScaledSampleItIsKnownInClosedForm(int n) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int dim = 5;
        double[][] x = new double[n][dim];
        double[] mean = new double[dim];
        for (double[] row : x) {
            double common = random.nextGaussian();
            for (int d = 0; d < dim; d++) {
                row[d] = (float) (common + (d + 1) * random.nextGaussian());
                mean[d] += row[d] / n;
            }
        }
        double trace = 0;
        for (double[] row : x) {
            for (int d = 0; d < dim; d++) {
                trace += Math.pow(row[d] - mean[d], 2) / (n - 1);
            }
        }
        double scale = 1.7;
        double moved = 0.4;
        float[] a = new float[n * dim];
        float[] b = new float[n * dim];
        for (int i = 0; i < n; i++) {
            for (int d = 0; d < dim; d++) {
                a[i * dim + d] = (float) x[i][d];
                b[i * dim + d] = (float) (mean[d] + moved + scale * (x[i][d] - mean[d]));
            }
        }
        double expected = dim * moved * moved + (scale - 1) * (scale - 1) * trace;
        try (var _ = new Scope()) {
            assertThat(FrechetDistance.between(Tensors.of(a, n, dim), Tensors.of(b, n, dim)))
                    .as("seed " + seed)
                    .isCloseTo(expected, within(1e-5 * expected));
            assertThat(FrechetDistance.between(Tensors.of(a, n, dim), Tensors.of(a, n, dim)))
                    .as("seed " + seed)
                    .isLessThan(1e-6 * trace);
        }
    }

    @Test
    void ofWhatIsNoNumberItIsNone() {
        try (var _ = new Scope()) {
            assertThat(FrechetDistance.between(
                            Tensors.of(new float[] {1, Float.NaN, 3, 4}, 2, 2),
                            Tensors.of(new float[] {1, 2, 3, 5}, 2, 2)))
                    .isNaN();
        }
    }
}
