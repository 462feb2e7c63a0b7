package io.github.dyt4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.kernels.PointwiseCase.Parts;
import io.github.dyt4j.kernels.PointwiseCase.Shape;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class PointwiseVectorTest {
    private static final PointwiseKernel VECTOR = new PointwiseVector();
    private static final PointwiseKernel ORACLE = new PointwiseOracle();
    /** Of f32 arithmetic, relative to the sum of the absolute values of what is added. */
    private static final double EPSILON = 2e-6;
    /** Of the bf16 grade of tanh and erf in forward: a quarter of an ulp. */
    private static final double EPSILON_BF16 = 1.0 / 1024;
    /** One ulp of bf16: f32 and f64 may fall on two sides of a tie. */
    private static final double BF16 = 1.01 / 128;

    @ParameterizedTest
    @EnumSource(Squash.class)
    void agreesWithTheOracle(Squash squash) {
        long seed = 7001;
        SplittableRandom random = new SplittableRandom(seed);
        int[] widths = {1, 2, 7, 15, 16, 17, 31, 33, 48, 49, 100, 196, 257};
        for (int trial = 0; trial < 60; trial++) {
            boolean last = random.nextBoolean();
            int channels = widths[random.nextInt(widths.length)];
            int inner = last ? 1 : widths[random.nextInt(widths.length)];
            int outer = 1 + random.nextInt(Math.max(1, 60_000 / (channels * inner)));
            Shape shape = new Shape(Math.min(outer, 1 + random.nextInt(700)), channels, inner);
            Dtype dtype = random.nextInt(3) == 0 ? Dtype.BF16 : Dtype.F32;
            Parts parts = Parts.random(random);
            try (Arena arena = Arena.ofConfined()) {
                PointwiseCase one = PointwiseCase.random(arena, random, squash, dtype, shape, parts);
                assertClose(one, "seed %d trial %d: %s %s %s %s".formatted(seed, trial, squash, dtype, shape, parts));
            }
        }
    }

    @Test
    void manyBlocksAgreeWithTheOracle() {
        SplittableRandom random = new SplittableRandom(17);
        for (Shape shape : new Shape[] {new Shape(5000, 100, 1), new Shape(9, 50, 900), new Shape(1, 1, 70_000)}) {
            try (Arena arena = Arena.ofConfined()) {
                Parts all = new Parts(true, true, true, true, true);
                assertClose(
                        PointwiseCase.random(arena, random, Squash.TANH, Dtype.F32, shape, all), "seed 17: " + shape);
            }
        }
    }

    @Test
    void anEmptyTensorHasZeroGradients() {
        try (Arena arena = Arena.ofConfined()) {
            Parts all = new Parts(true, false, true, true, true);
            PointwiseCase none = PointwiseCase.random(
                    arena, new SplittableRandom(1), Squash.TANH, Dtype.F32, new Shape(0, 5, 1), all);
            none.run(VECTOR).values().forEach(v -> assertThat(v).containsOnly(new float[v.length]));
        }
    }

    @Test
    void gradientsThatAreNotWantedAreNotWritten() {
        try (Arena arena = Arena.ofConfined()) {
            for (int inner : new int[] {1, 20}) {
                Parts all = new Parts(true, true, true, true, true);
                PointwiseCase one = PointwiseCase.random(
                        arena, new SplittableRandom(2), Squash.ERF, Dtype.BF16, new Shape(9, 21, inner), all);
                Buffer dGamma = new Buffer(arena, Dtype.F32, 21);
                VECTOR.backward(one.call(), one.x().address(), one.dy().address(), 0, 0, 0, dGamma.address(), 0);
                assertThat(dGamma.values()).isEqualTo(get(one.run(VECTOR), "dGamma"));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Squash.class)
    void inPlaceIsTheSame(Squash squash) {
        try (Arena arena = Arena.ofConfined()) {
            Parts all = new Parts(true, false, true, true, true);
            PointwiseCase one =
                    PointwiseCase.random(arena, new SplittableRandom(3), squash, Dtype.F32, new Shape(70, 37, 1), all);
            Map<String, float[]> apart = one.run(VECTOR);
            VECTOR.backward(
                    one.call(), one.x().address(), one.dy().address(), one.dy().address(), 0, 0, 0, 0);
            VECTOR.forward(one.call(), one.x().address(), one.x().address());
            assertThat(one.dy().values()).isEqualTo(get(apart, "dx"));
            assertThat(one.x().values()).isEqualTo(get(apart, "y"));
        }
    }

    /** dL/dθ = (L(θ+h) − L(θ−h)) / 2h of L = Σ dy·(γ·f(αx+s)+β), all in f64. */
    @ParameterizedTest
    @EnumSource(Squash.class)
    void backwardIsTheCentralDifferenceOfForward(Squash squash) {
        long seed = 9100;
        SplittableRandom random = new SplittableRandom(seed);
        for (int inner : new int[] {1, 5}) {
            try (Arena arena = Arena.ofConfined()) {
                PointwiseCase one = PointwiseCase.random(
                        arena,
                        random,
                        squash,
                        Dtype.F32,
                        new Shape(6, 19, inner),
                        new Parts(true, true, true, true, true));
                Map<String, float[]> gradients = one.run(VECTOR);
                double h = 1e-5;
                double[] dAlpha = new double[19];
                double[] dGamma = new double[19];
                double[] dBeta = new double[19];
                double dShift = 0;
                for (int i = 0; i < one.x().size; i++) {
                    int c = one.channel(i);
                    double x = one.x().get(i);
                    double dy = one.dy().get(i) / (2 * h);
                    double a = one.alpha(c);
                    double s = one.shift();
                    double g = one.gamma(c);
                    double u = a * x + s;
                    if (squash == Squash.HARDTANH && Math.abs(Math.abs(u) - 1) < 10 * h) {
                        continue;
                    }
                    double dx = dy * g * (squash.value(a * (x + h) + s) - squash.value(a * (x - h) + s));
                    assertThat((double) get(gradients, "dx")[i])
                            .as("seed %d dx[%d]", seed, i)
                            .isCloseTo(dx, within(2e-6 * Math.max(1, Math.abs(dx))));
                    dAlpha[c] += dy * g * (squash.value((a + h) * x + s) - squash.value((a - h) * x + s));
                    dShift += dy * g * (squash.value(u + h) - squash.value(u - h));
                    dGamma[c] += dy * ((g + h) * squash.value(u) - (g - h) * squash.value(u));
                    dBeta[c] += dy * 2 * h;
                }
                assertNear("seed " + seed + " dAlpha", get(gradients, "dAlpha"), dAlpha);
                assertNear("seed " + seed + " dGamma", get(gradients, "dGamma"), dGamma);
                assertNear("seed " + seed + " dBeta", get(gradients, "dBeta"), dBeta);
                assertNear("seed " + seed + " dShift", get(gradients, "dShift"), dShift);
            }
        }
    }

    private static void assertNear(String what, float[] actual, double... expected) {
        double norm = Math.sqrt(Arrays.stream(expected).map(v -> v * v).sum());
        double difference = 0;
        for (int i = 0; i < expected.length; i++) {
            difference += (actual[i] - expected[i]) * (actual[i] - expected[i]);
        }
        assertThat(Math.sqrt(difference)).as(what).isLessThanOrEqualTo(2e-6 * norm);
    }

    @ParameterizedTest
    @EnumSource(Squash.class)
    void nanPropagatesInfinitySaturatesDenormalsAndSignedZeroAreRight(Squash squash) {
        double[] special = {
            Double.NaN,
            Double.POSITIVE_INFINITY,
            Double.NEGATIVE_INFINITY,
            0.0,
            -0.0,
            Float.MIN_VALUE,
            -Float.MIN_VALUE,
            1e-40,
            -3e-39,
            Float.MIN_NORMAL,
            Float.MAX_VALUE,
            -Float.MAX_VALUE,
            1e20,
            -1e19,
            1,
            -1,
            44,
            88,
            100,
            -100,
            3.93,
            9.3
        };
        for (Dtype dtype : Dtype.values()) {
            for (double alpha : new double[] {1, 0.5, 3e5}) {
                try (Arena arena = Arena.ofConfined()) {
                    long a = new Buffer(arena, Dtype.F32, 1).fill(i -> alpha).address();
                    PointwiseCall call = new PointwiseCall(
                            squash, dtype, Accuracy.of(dtype), 3, special.length, 1, a, false, 0, 0, 0);
                    Buffer x = new Buffer(arena, dtype, 3 * special.length).fill(i -> special[i % special.length]);
                    Buffer dy = new Buffer(arena, dtype, x.size).fill(i -> 1);
                    PointwiseCase one = new PointwiseCase(call, x, dy, arena);
                    Map<String, float[]> expected = one.run(ORACLE);
                    Map<String, float[]> actual = one.run(VECTOR);
                    for (int i = 0; i < x.size; i++) {
                        assertSame(
                                "%s %s y(%s·%s)".formatted(squash, dtype, alpha, x.get(i)),
                                get(expected, "y")[i],
                                get(actual, "y")[i],
                                0);
                        assertSame(
                                "%s %s dx(%s·%s)".formatted(squash, dtype, alpha, x.get(i)),
                                get(expected, "dx")[i],
                                get(actual, "dx")[i],
                                squash == Squash.TANH ? alpha * 3e-38 : 0);
                    }
                    assertThat(get(actual, "dAlpha")[0]).isNaN();
                    assertThat(get(actual, "dGamma")[0]).isNaN();
                    assertThat(get(actual, "dBeta")).containsOnly(3);
                }
            }
        }
    }

    private static void assertSame(String what, float expected, float actual, double absolute) {
        if (Float.isNaN(expected) || Float.isInfinite(expected)) {
            assertThat(Float.toString(actual)).as(what).isEqualTo(Float.toString(expected));
        } else {
            assertThat(Math.abs(actual - expected))
                    .as("%s: %s for %s", what, actual, expected)
                    .isLessThanOrEqualTo((float) (Math.abs(expected) * BF16 + absolute + 3e-38));
            if (what.contains(" y") && expected == 0) {
                assertThat(Float.floatToRawIntBits(actual))
                        .as("%s: sign of 0", what)
                        .isEqualTo(Float.floatToRawIntBits(expected));
            }
        }
    }

    /** Arithmetic is f32 for both: bf16 is its rounding, to the bit. */
    @ParameterizedTest
    @EnumSource(Squash.class)
    void bf16IsTheRoundingOfF32(Squash squash) {
        try (Arena arena = Arena.ofConfined()) {
            for (Shape shape : new Shape[] {new Shape(200, 37, 1), new Shape(200, 64, 1), new Shape(5, 7, 49)}) {
                Parts all = new Parts(true, true, true, true, true);
                PointwiseCase bf16 =
                        PointwiseCase.random(arena, new SplittableRandom(12), squash, Dtype.BF16, shape, all);
                PointwiseCall c = bf16.call();
                PointwiseCase f32 = new PointwiseCase(
                        new PointwiseCall(
                                squash,
                                Dtype.F32,
                                Accuracy.BF16,
                                c.outer(),
                                c.channels(),
                                c.inner(),
                                c.alpha(),
                                c.alphaPerChannel(),
                                c.shift(),
                                c.gamma(),
                                c.beta()),
                        new Buffer(arena, Dtype.F32, bf16.x().size).fill(bf16.x()::get),
                        new Buffer(arena, Dtype.F32, bf16.x().size).fill(bf16.dy()::get),
                        arena);
                for (String name : new String[] {"y", "dx"}) {
                    float[] rounded = get(f32.run(VECTOR), name);
                    for (int i = 0; i < rounded.length; i++) {
                        rounded[i] = Bf16.toFloat(Bf16.fromFloat(rounded[i]));
                    }
                    assertThat(get(bf16.run(VECTOR), name))
                            .as("%s %s", shape, name)
                            .isEqualTo(rounded);
                }
            }
        }
    }

    @Test
    void threadsDoNotChangeABit() {
        int before = RowPool.threads();
        try (Arena arena = Arena.ofConfined()) {
            for (Shape shape : new Shape[] {new Shape(3000, 100, 1), new Shape(1500, 192, 1), new Shape(30, 40, 250)}) {
                for (Dtype dtype : Dtype.values()) {
                    Parts all = new Parts(true, false, true, true, true);
                    PointwiseCase one =
                            PointwiseCase.random(arena, new SplittableRandom(5), Squash.TANH, dtype, shape, all);
                    Map<String, int[]> first = new TreeMap<>();
                    for (int threads : new int[] {1, 2, 3, 5, 2}) {
                        RowPool.threads(threads);
                        one.run(VECTOR).forEach((name, values) -> {
                            int[] bits = new int[values.length];
                            Arrays.setAll(bits, i -> Float.floatToRawIntBits(values[i]));
                            assertThat(bits)
                                    .as("%s %s with %d threads", shape, name, threads)
                                    .isEqualTo(first.computeIfAbsent(name, n -> bits));
                        });
                    }
                }
            }
        } finally {
            RowPool.threads(before);
        }
    }

    private static <T> T get(Map<String, T> values, String name) {
        return Objects.requireNonNull(values.get(name), name);
    }

    static void assertClose(PointwiseCase one, String what) {
        Map<String, float[]> expected = one.run(ORACLE);
        Map<String, float[]> actual = one.run(VECTOR);
        PointwiseCall call = one.call();
        double rounding = call.dtype() == Dtype.BF16 ? BF16 : 0;
        boolean linear = call.squash() == Squash.LINEAR;
        double epsilon = call.accuracy() == Accuracy.F32 ? EPSILON : EPSILON_BF16;
        Map<String, double[]> scale = new TreeMap<>();
        expected.forEach((name, values) -> scale.put(name, new double[values.length]));
        for (int i = 0; i < one.x().size; i++) {
            int c = one.channel(i);
            double x = Math.abs(one.x().get(i));
            double dy = Math.abs(one.dy().get(i));
            double gamma = Math.abs(one.gamma(c));
            double u = Math.abs(one.alpha(c)) * x + Math.abs(one.shift());
            double t = linear ? u : 1;
            boolean edge = call.squash() == Squash.HARDTANH
                    && Math.abs(Math.abs(one.alpha(c) * one.x().get(i) + one.shift()) - 1) < 1e-6;
            get(scale, "y")[i] =
                    epsilon * (gamma * t + Math.abs(one.beta(c))) + rounding * Math.abs(get(expected, "y")[i]);
            get(scale, "dx")[i] = EPSILON * dy * gamma * Math.abs(one.alpha(c))
                    + rounding * Math.abs(get(expected, "dx")[i])
                    + (edge ? 1e9 : 0);
            get(scale, "dAlpha")[call.alphaPerChannel() ? c : 0] += (edge ? 1 : EPSILON) * dy * gamma * x;
            get(scale, "dShift")[0] += (edge ? 1 : EPSILON) * dy * gamma;
            get(scale, "dGamma")[c] += EPSILON * dy * t;
            get(scale, "dBeta")[c] += EPSILON * dy;
        }
        expected.forEach((name, values) -> {
            for (int i = 0; i < values.length; i++) {
                double difference = Math.abs((double) get(actual, name)[i] - values[i]);
                if (!(difference <= get(scale, name)[i] + 1e-38)) {
                    assertThat(get(actual, name)[i])
                            .as("%s: %s[%d]", what, name, i)
                            .isEqualTo(values[i]);
                }
            }
        });
    }
}
