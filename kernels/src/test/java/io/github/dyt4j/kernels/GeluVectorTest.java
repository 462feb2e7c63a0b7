package io.github.dyt4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.util.Random;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Both kernels against the formulas in f64, and those against their central differences. */
class GeluVectorTest {
    private static final int PER_EXPONENT = 400;

    private final int before = RowPool.threads();

    @AfterEach
    void restore() {
        RowPool.threads(before);
    }

    @Test
    void withinItsBoundOverEveryExponentAndSign() {
        for (Dtype dtype : Dtype.values()) {
            Random random = new Random(81);
            float[] x = new float[255 * PER_EXPONENT];
            for (int i = 0; i < x.length; i++) {
                int exponent = i / PER_EXPONENT;
                int bits = (random.nextInt() & 0x807fffff) | exponent << 23;
                x[i] = Float.intBitsToFloat(dtype == Dtype.F32 ? bits : bits & 0xffff0000);
            }
            assertWithin("seed 81", new GeluVector(), new GeluCall(dtype, x.length), i -> x[i]);
        }
    }

    /** Where the function bends, and whatever the count is. */
    @Test
    void withinItsBoundWhateverTheCount() {
        for (long seed = 0; seed < 100; seed++) {
            Random random = new Random(seed);
            Dtype dtype = random.nextBoolean() ? Dtype.F32 : Dtype.BF16;
            int count = random.nextInt(5) == 0 ? 3 * 16384 + random.nextInt(40) : random.nextInt(70);
            GeluCall call = new GeluCall(dtype, count);
            for (GeluKernel kernel : new GeluKernel[] {new GeluVector(), new GeluOracle()}) {
                assertWithin("seed " + seed, kernel, call, _ -> 3 * random.nextGaussian());
            }
        }
    }

    @Test
    void valuesThatTrapStayRight() {
        for (GeluKernel kernel : new GeluKernel[] {new GeluVector(), new GeluOracle()}) {
            for (float large : new float[] {1e4f, 1e10f, 1e30f, Float.MAX_VALUE}) {
                assertThat(one(kernel, large)).containsExactly(large, 1);
                assertThat(one(kernel, -large)).containsExactly(-0f, 0);
            }
            for (float zero : new float[] {0, -0f}) {
                assertThat(one(kernel, zero)).containsExactly(zero, 0.5f);
            }
            for (float little : new float[] {1e-39f, -3e-40f, 2 * Float.MIN_VALUE}) {
                assertThat(one(kernel, little)).containsExactly(little / 2, 0.5f);
            }
            float infinity = Float.POSITIVE_INFINITY;
            assertThat(one(kernel, infinity)).containsExactly(infinity, Float.NaN);
            assertThat(one(kernel, -infinity)).containsExactly(Float.NaN, Float.NaN);
            assertThat(one(kernel, Float.NaN)).containsExactly(Float.NaN, Float.NaN);
        }
    }

    /** y and, of dy = 1, dx: the same of each value in a whole vector and behind it. */
    private static float[] one(GeluKernel kernel, float x) {
        GeluCall call = new GeluCall(Dtype.F32, Lanes.COUNT + 1);
        float[][] out = run(kernel, call, _ -> x, _ -> 1);
        for (float[] values : out) {
            assertThat(values).as("%s", x).containsOnly(values[0]);
        }
        return new float[] {out[0][0], out[1][0]};
    }

    @Test
    void slopesAreCentralDifferences() {
        double h = 1e-5;
        for (double x = -9; x <= 9; x += 0.037) {
            double slope = (GeluOracle.value(x + h) - GeluOracle.value(x - h)) / (2 * h);
            assertThat(GeluOracle.slope(x)).as("at %s", x).isCloseTo(slope, within(1e-9));
        }
    }

    @Test
    void threadsChangeNoBit() {
        GeluCall call = new GeluCall(Dtype.F32, 200_001);
        RowPool.threads(1);
        float[][] alone = run(new GeluVector(), call, i -> Math.sin(i) * 4, Math::cos);
        RowPool.threads(4);
        assertThat(run(new GeluVector(), call, i -> Math.sin(i) * 4, Math::cos)).isDeepEqualTo(alone);
    }

    private static void assertWithin(String seed, GeluKernel kernel, GeluCall call, IntToDoubleFunction from) {
        int n = Math.toIntExact(call.count());
        double[] x = new double[n];
        double[] dy = new double[n];
        try (Arena arena = Arena.ofConfined()) { // as the dtype has them
            Random random = new Random(n);
            float[] xs = new Buffer(arena, call.dtype(), n).fill(from).values();
            float[] dys = new Buffer(arena, call.dtype(), n)
                    .fill(_ -> random.nextGaussian())
                    .values();
            for (int i = 0; i < n; i++) {
                x[i] = xs[i];
                dy[i] = dys[i];
            }
        }
        float[][] out = run(kernel, call, i -> x[i], i -> dy[i]);
        for (int i = 0; i < n; i++) {
            String what = seed + ", " + call + ", value " + i + ": " + x[i];
            near("y, " + what, call.dtype(), out[0][i], GeluOracle.value(x[i]), 3e-7 * Math.abs(x[i]));
            double dx = dy[i] * GeluOracle.slope(x[i]);
            near("dx, " + what, call.dtype(), out[1][i], dx, 5e-7 * Math.abs(dy[i]));
        }
    }

    /** Within {@code error}, and in bf16 rounded, by up to 2⁻⁸ of the value; subnormals by up to their last place. */
    private static void near(String what, Dtype dtype, float actual, double exact, double error) {
        double rounding = dtype == Dtype.F32 ? Float.MIN_VALUE : 0x1p-8 * (Math.abs(exact) + error) + 0x1p-133;
        if (!(Math.abs(actual - exact) <= error + rounding)) {
            assertThat((double) actual).as(what).isCloseTo(exact, within(error + rounding));
        }
    }

    private static float[][] run(
            GeluKernel kernel, GeluCall call, IntToDoubleFunction x, IntToDoubleFunction upstream) {
        int n = Math.toIntExact(call.count());
        try (Arena arena = Arena.ofConfined()) {
            Buffer in = new Buffer(arena, call.dtype(), n).fill(x);
            Buffer dy = new Buffer(arena, call.dtype(), n).fill(upstream);
            Buffer y = new Buffer(arena, call.dtype(), n);
            Buffer dx = new Buffer(arena, call.dtype(), n);
            kernel.forward(call, in.address(), y.address());
            kernel.backward(call, in.address(), dy.address(), dx.address());
            y.assertGuards("y");
            dx.assertGuards("dx");
            return new float[][] {y.values(), dx.values()};
        }
    }
}
