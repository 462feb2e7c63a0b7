package io.github.dyt4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class RowNormVectorTest {
    private static final RowNormKernel VECTOR = new RowNormVector();
    private static final RowNormKernel ORACLE = new RowNormOracle();
    private static final double EPSILON = 3e-6;
    /** One ulp of bf16: f32 and f64 may fall on two sides of a tie. */
    private static final double BF16 = 1.01 / 128;

    @SuppressWarnings("ArrayRecordComponent")
    private record Result(float[] y, float[] mean, float[] rstd, float[] dx, float[] dGamma, float[] dBeta) {}

    private static Result run(RowNormKernel kernel, RowNormCall call, Arena arena, Buffer x, Buffer dy) {
        Buffer y = new Buffer(arena, call.dtype(), x.size);
        Buffer dx = new Buffer(arena, call.dtype(), x.size);
        Buffer mean = new Buffer(arena, Dtype.F32, (int) call.rows()).fill(i -> 0);
        Buffer rstd = new Buffer(arena, Dtype.F32, (int) call.rows());
        Buffer dGamma = new Buffer(arena, Dtype.F32, call.channels());
        Buffer dBeta = new Buffer(arena, Dtype.F32, call.channels());
        long m = call.centered() ? mean.address() : 0;
        kernel.forward(call, x.address(), y.address(), m, rstd.address());
        kernel.backward(
                call, x.address(), m, rstd.address(), dy.address(), dx.address(), dGamma.address(), dBeta.address());
        for (Buffer b : new Buffer[] {y, dx, mean, rstd, dGamma, dBeta}) {
            b.assertGuards(call.toString());
        }
        return new Result(y.values(), mean.values(), rstd.values(), dx.values(), dGamma.values(), dBeta.values());
    }

    static RowNormCall call(
            Arena arena, RandomGenerator random, boolean centered, Dtype dtype, int rows, int channels) {
        long gamma = random.nextInt(4) == 0
                ? 0
                : new Buffer(arena, Dtype.F32, channels)
                        .fill(i -> 1 + 0.3 * random.nextGaussian())
                        .address();
        long beta = random.nextBoolean()
                ? 0
                : new Buffer(arena, Dtype.F32, channels)
                        .fill(i -> 0.3 * random.nextGaussian())
                        .address();
        return new RowNormCall(centered, dtype, rows, channels, 1e-6, gamma, beta);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void agreesWithTheOracle(boolean centered) {
        long seed = 4400;
        SplittableRandom random = new SplittableRandom(seed);
        int[] widths = {1, 2, 7, 15, 16, 17, 33, 48, 96, 100, 192, 257, 1000};
        for (int trial = 0; trial < 80; trial++) {
            int channels = widths[random.nextInt(widths.length)];
            int rows = 1 + random.nextInt(Math.min(600, 60_000 / channels));
            Dtype dtype = random.nextInt(3) == 0 ? Dtype.BF16 : Dtype.F32;
            try (Arena arena = Arena.ofConfined()) {
                RowNormCall call = call(arena, random, centered, dtype, rows, channels);
                double offset = random.nextInt(3);
                Buffer x = new Buffer(arena, dtype, rows * channels).fill(i -> offset + 2 * random.nextGaussian());
                Buffer dy = new Buffer(arena, dtype, rows * channels).fill(i -> random.nextGaussian());
                assertClose(call, x, dy, arena, "seed %d trial %d: %s".formatted(seed, trial, call));
            }
        }
    }

    static void assertClose(RowNormCall call, Buffer x, Buffer dy, Arena arena, String what) {
        Result expected = run(ORACLE, call, arena, x, dy);
        Result actual = run(VECTOR, call, arena, x, dy);
        double rounding = call.dtype() == Dtype.BF16 ? BF16 : 0;
        int n = call.channels();
        double[] gammas = new double[n];
        double[] betas = new double[n];
        for (int row = 0; row < call.rows(); row++) {
            double r = expected.rstd()[row];
            double magnitude = 0;
            double gs = 0;
            double gxs = 0;
            for (int c = 0; c < n; c++) {
                double xHat = Math.abs((x.get(row * n + c) - expected.mean()[row]) * r);
                double g = Math.abs(dy.get(row * n + c) * Memory.f32Or(call.gamma(), c, 1));
                magnitude = Math.max(magnitude, Math.abs(x.get(row * n + c)) * r);
                gs += g / n;
                gxs += g * xHat / n;
            }
            if (centeredOfOne(call)) {
                magnitude = 1;
            }
            double error = EPSILON * (1 + magnitude);
            assertNear(what + " mean", actual.mean()[row], expected.mean()[row], error / r);
            assertNear(what + " rstd", actual.rstd()[row], r, error * r);
            for (int c = 0; c < n; c++) {
                int i = row * n + c;
                double xHat = Math.abs((x.get(i) - expected.mean()[row]) * r);
                double gamma = Math.abs(Memory.f32Or(call.gamma(), c, 1));
                double beta = Math.abs(Memory.f32Or(call.beta(), c, 0));
                double d = Math.abs(dy.get(i));
                double y = expected.y()[i];
                double dx = expected.dx()[i];
                assertNear(what + " y", actual.y()[i], y, error * (gamma * (1 + xHat) + beta) + rounding * Math.abs(y));
                double terms = d * gamma + gs + (1 + xHat) * (1 + gxs);
                assertNear(what + " dx", actual.dx()[i], dx, error * r * terms + rounding * Math.abs(dx));
                gammas[c] += error * d * (1 + xHat);
                betas[c] += EPSILON * d;
            }
        }
        for (int c = 0; c < n; c++) {
            assertNear(what + " dGamma", actual.dGamma()[c], expected.dGamma()[c], gammas[c]);
            assertNear(what + " dBeta", actual.dBeta()[c], expected.dBeta()[c], betas[c]);
        }
    }

    private static void assertNear(String what, double actual, double expected, double tolerance) {
        if (!(Math.abs(actual - expected) <= tolerance)) {
            assertThat(actual).as(what).isCloseTo(expected, within(tolerance));
        }
    }

    /** x − μ = 0: only ε is under the root. */
    private static boolean centeredOfOne(RowNormCall call) {
        return call.centered() && call.channels() == 1;
    }

    /** dL/dθ = (L(θ+h) − L(θ−h)) / 2h of L = Σ dy·y, y by the formula in f64. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void backwardIsTheCentralDifferenceOfForward(boolean centered) {
        long seed = 4500;
        SplittableRandom random = new SplittableRandom(seed);
        int n = 19;
        try (Arena arena = Arena.ofConfined()) {
            Buffer gamma = new Buffer(arena, Dtype.F32, n).fill(i -> 1 + 0.3 * random.nextGaussian());
            Buffer x = new Buffer(arena, Dtype.F32, 5 * n).fill(i -> random.nextGaussian());
            Buffer dy = new Buffer(arena, Dtype.F32, 5 * n).fill(i -> random.nextGaussian());
            RowNormCall call = new RowNormCall(centered, Dtype.F32, 5, n, 1e-5, gamma.address(), 0);
            Result result = run(VECTOR, call, arena, x, dy);
            double h = 1e-5;
            double[] dGamma = new double[n];
            for (int row = 0; row < 5; row++) {
                double[] values = new double[n];
                double[] weights = new double[n];
                double[] dys = new double[n];
                for (int c = 0; c < n; c++) {
                    values[c] = x.get(row * n + c);
                    weights[c] = gamma.get(c);
                    dys[c] = dy.get(row * n + c);
                }
                for (int c = 0; c < n; c++) {
                    double difference = (loss(centered, bump(values, c, h), weights, dys)
                                    - loss(centered, bump(values, c, -h), weights, dys))
                            / (2 * h);
                    assertThat((double) result.dx()[row * n + c])
                            .as("seed %d dx", seed)
                            .isCloseTo(difference, within(3e-6));
                    dGamma[c] += (loss(centered, values, bump(weights, c, h), dys)
                                    - loss(centered, values, bump(weights, c, -h), dys))
                            / (2 * h);
                }
            }
            for (int c = 0; c < n; c++) {
                assertThat((double) result.dGamma()[c])
                        .as("seed %d dGamma", seed)
                        .isCloseTo(dGamma[c], within(3e-6));
            }
        }
    }

    private static double[] bump(double[] values, int at, double by) {
        double[] bumped = values.clone();
        bumped[at] += by;
        return bumped;
    }

    private static double loss(boolean centered, double[] x, double[] gamma, double[] dy) {
        double mean = centered ? Arrays.stream(x).average().orElseThrow() : 0;
        double variance =
                Arrays.stream(x).map(v -> (v - mean) * (v - mean)).average().orElseThrow();
        double loss = 0;
        for (int c = 0; c < x.length; c++) {
            loss += dy[c] * gamma[c] * (x[c] - mean) / Math.sqrt(variance + 1e-5);
        }
        return loss;
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void threadsDoNotChangeABit(boolean centered) {
        int before = RowPool.threads();
        try (Arena arena = Arena.ofConfined()) {
            for (int channels : new int[] {100, 192}) {
                SplittableRandom random = new SplittableRandom(8);
                RowNormCall call = call(arena, random, centered, Dtype.F32, 2000, channels);
                Buffer x = new Buffer(arena, Dtype.F32, 2000 * channels).fill(i -> random.nextGaussian());
                Buffer dy = new Buffer(arena, Dtype.F32, 2000 * channels).fill(i -> random.nextGaussian());
                RowPool.threads(1);
                Result one = run(VECTOR, call, arena, x, dy);
                for (int threads : new int[] {2, 3, 5, 1}) {
                    RowPool.threads(threads);
                    Result many = run(VECTOR, call, arena, x, dy);
                    assertThat(many.y()).as("y with %d threads", threads).isEqualTo(one.y());
                    assertThat(many.mean()).as("mean with %d threads", threads).isEqualTo(one.mean());
                    assertThat(many.rstd()).as("rstd with %d threads", threads).isEqualTo(one.rstd());
                    assertThat(many.dx()).as("dx with %d threads", threads).isEqualTo(one.dx());
                    assertThat(many.dGamma())
                            .as("dGamma with %d threads", threads)
                            .isEqualTo(one.dGamma());
                    assertThat(many.dBeta())
                            .as("dBeta with %d threads", threads)
                            .isEqualTo(one.dBeta());
                }
            }
        } finally {
            RowPool.threads(before);
        }
    }

    @Test
    void nanAndInfinityStayInTheirRow() {
        try (Arena arena = Arena.ofConfined()) {
            for (int trial = 0; trial < 4; trial++) {
                boolean centered = trial % 2 == 0;
                int n = trial < 2 ? 37 : 48;
                RowNormCall call = new RowNormCall(centered, Dtype.F32, 4, n, 1e-6, 0, 0);
                Buffer x = new Buffer(arena, Dtype.F32, 4 * n)
                        .fill(i -> i == 3
                                ? Double.NaN
                                : i == n + 5 ? Double.POSITIVE_INFINITY : i >= 3 * n ? 1e-41 : i % 7);
                Buffer dy = new Buffer(arena, Dtype.F32, 4 * n).fill(i -> 1);
                Result expected = run(ORACLE, call, arena, x, dy);
                Result actual = run(VECTOR, call, arena, x, dy);
                for (int i = 0; i < 4 * n; i++) {
                    assertThat(Float.isNaN(actual.y()[i])).as("y[%d]", i).isEqualTo(Float.isNaN(expected.y()[i]));
                    if (!Float.isNaN(expected.y()[i])) {
                        assertThat(actual.y()[i]).as("y[%d]", i).isCloseTo(expected.y()[i], within(2e-6f));
                    }
                    assertThat(Float.isNaN(actual.dx()[i])).as("dx[%d]", i).isEqualTo(Float.isNaN(expected.dx()[i]));
                }
            }
        }
    }
}
