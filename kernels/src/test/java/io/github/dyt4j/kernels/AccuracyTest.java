package io.github.dyt4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Locale;
import java.util.SplittableRandom;
import java.util.function.DoubleUnaryOperator;
import java.util.function.UnaryOperator;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The documented bounds of f and f′, in f32 ulp, over every exponent and both signs. */
final class AccuracyTest {
    private static final int PER_EXPONENT = 2000;
    /** Between 2^-14 and 16, where f bends. */
    private static final int PER_EXPONENT_INSIDE = 100_000;

    /** @param valueUlps of the grade's dtype */
    @ParameterizedTest
    @CsvSource({
        "TANH, F32, 5, 3e-7",
        "ERF, F32, 5, 2e-7",
        "ISRU, F32, 3, 5e-7",
        "HARDTANH, F32, 0, 0",
        "SIGMOID, F32, 3, 1e-7",
        "LINEAR, F32, 0, 0",
        "TANH, BF16, 0.25, 3e-7",
        "ERF, BF16, 0.25, 2e-7",
        "ISRU, BF16, 0.25, 5e-7",
        "HARDTANH, BF16, 0, 0",
        "SIGMOID, BF16, 0.25, 1e-7",
        "LINEAR, BF16, 0, 0"
    })
    void withinItsBound(Squash squash, Accuracy grade, double valueUlps, double slopeError) {
        VectorSquash f = VectorSquash.of(squash, grade);
        long seed = 31;
        Worst forward = worst(seed, f::value, squash::value);
        Worst value = worst(seed, u -> f.value(u, f.core(u)), squash::value);
        Worst slope = worst(seed, u -> f.slope(u, f.core(u)), squash::slope);
        int ulp = grade == Accuracy.BF16 ? 1 << 16 : 1;
        // What docs/kernels.md quotes.
        System.out.printf(
                Locale.ROOT,
                "%-8s %-4s f %.2f ulp, f' %.1e absolute%n",
                squash,
                grade,
                forward.ulps() / ulp,
                slope.absolute());
        assertThat(forward.ulps() / ulp).as("f, seed %d", seed).isLessThanOrEqualTo(valueUlps);
        assertThat(value.ulps() / ulp).as("f in backward, seed %d", seed).isLessThanOrEqualTo(valueUlps);
        assertThat(slope.absolute()).as("f', seed %d", seed).isLessThanOrEqualTo(slopeError);
    }

    /** Where f and f' share nothing that cancels, f' is as exact as f, however small. */
    @ParameterizedTest
    @CsvSource({"TANH, 25", "ERF, 80", "ISRU, 7", "SIGMOID, 5"})
    void slopesAreRelativelyExactToo(Squash squash, double ulps) {
        VectorSquash f = VectorSquash.of(squash, Accuracy.F32);
        assertThat(worst(32, u -> f.slope(u, f.core(u)), squash::slope).ulps()).isLessThanOrEqualTo(ulps);
    }

    /** f(u) = f′(0)·u where u is denormal, and not 0. */
    @ParameterizedTest
    @CsvSource({"TANH, F32", "TANH, BF16", "ERF, F32", "ERF, BF16", "ISRU, F32", "HARDTANH, F32", "LINEAR, F32"})
    void denormalsAreKept(Squash squash, Accuracy grade) {
        VectorSquash f = VectorSquash.of(squash, grade);
        for (float u : new float[] {1e-39f, -3e-40f, 7e-43f}) {
            float y = f.value(Lanes.all(u)).lane(0);
            assertThat(y / u).as("%s", u).isCloseTo((float) squash.slope(0), within(3e-3f));
        }
    }

    /** Every f32 from 4 to 16 of both signs: a tanh above 1 would make a slope below 0. */
    @ParameterizedTest
    @CsvSource({"TANH, F32", "TANH, BF16", "ERF, F32", "ERF, BF16"})
    void neverBeyondOne(Squash squash, Accuracy grade) {
        VectorSquash f = VectorSquash.of(squash, grade);
        float[] u = new float[Lanes.COUNT];
        int step = Species.hasHardware() ? 1 : 1021;
        for (int bits = Float.floatToRawIntBits(4); bits < Float.floatToRawIntBits(16); bits += step * u.length) {
            for (int lane = 0; lane < u.length; lane++) {
                u[lane] = Float.intBitsToFloat(bits + lane * step) * ((bits & step * u.length) == 0 ? 1 : -1);
            }
            FloatVector in = FloatVector.fromArray(Lanes.F32, u, 0);
            float most = f.value(in).abs().reduceLanes(VectorOperators.MAX);
            float least = f.slope(in, f.core(in)).reduceLanes(VectorOperators.MIN);
            if (!(most <= 1) || !(least >= 0)) {
                assertThat(most).as("|f| near %s", u[0]).isLessThanOrEqualTo(1);
                assertThat(least).as("f' near %s", u[0]).isNotNegative();
            }
        }
    }

    /** The greatest errors: in f32 ulp where the true value is a normal f32, and absolute, which where it is not must be below 3e-38. */
    private record Worst(double ulps, double absolute) {}

    private static Worst worst(long seed, UnaryOperator<FloatVector> f, DoubleUnaryOperator exact) {
        SplittableRandom random = new SplittableRandom(seed);
        double ulps = 0;
        double absolute = 0;
        float[] u = new float[Lanes.COUNT];
        for (int exponent = 0; exponent < 255; exponent++) {
            boolean inside = exponent > 112 && exponent < 131 && Species.hasHardware();
            for (int i = 0; i < (inside ? PER_EXPONENT_INSIDE : PER_EXPONENT); i += u.length) {
                for (int lane = 0; lane < u.length; lane++) {
                    int sign = random.nextInt() & 0x80000000;
                    u[lane] = Float.intBitsToFloat(sign | exponent << 23 | random.nextInt(1 << 23));
                }
                FloatVector out = f.apply(FloatVector.fromArray(Lanes.F32, u, 0));
                for (int lane = 0; lane < u.length; lane++) {
                    double expected = exact.applyAsDouble(u[lane]);
                    double error = Math.abs(out.lane(lane) - expected);
                    if (Math.abs(expected) >= 4e-38) {
                        ulps = Math.max(ulps, error / Math.ulp((float) expected));
                        absolute = Math.max(absolute, Math.abs(expected) <= 1 ? error : error / Math.abs(expected));
                    } else if (!(error <= 3e-38)) {
                        absolute = Math.max(absolute, error);
                    }
                }
            }
        }
        return new Worst(ulps, absolute);
    }

    @Test
    void bf16RoundsToNearestEvenInBothKernels() {
        assertThat(Bf16.fromFloat(Float.intBitsToFloat(0x3f808000)))
                .as("tie to even, down")
                .isEqualTo((short) 0x3f80);
        assertThat(Bf16.fromFloat(Float.intBitsToFloat(0x3f818000)))
                .as("tie to even, up")
                .isEqualTo((short) 0x3f82);
        assertThat(Bf16.fromFloat(Float.intBitsToFloat(0x3f808001)))
                .as("above a tie")
                .isEqualTo((short) 0x3f81);
        assertThat(Bf16.fromFloat(Float.MAX_VALUE)).as("overflow").isEqualTo((short) 0x7f80);
        assertThat(Bf16.fromFloat(Float.NaN)).as("NaN").isEqualTo((short) 0x7fc0);
        SplittableRandom random = new SplittableRandom(4);
        try (var arena = java.lang.foreign.Arena.ofConfined()) {
            Buffer out = new Buffer(arena, Dtype.BF16, Lanes.COUNT);
            float[] in = new float[Lanes.COUNT];
            for (int trial = 0; trial < 20_000; trial++) {
                for (int lane = 0; lane < in.length; lane++) {
                    int bits = random.nextInt();
                    in[lane] = Float.intBitsToFloat(random.nextInt(3) == 0 ? bits & 0xffff8000 : bits);
                }
                Lanes.storeBf16(FloatVector.fromArray(Lanes.F32, in, 0), out.address());
                for (int lane = 0; lane < in.length; lane++) {
                    int expected = Bf16.fromFloat(in[lane]) << 16;
                    assertThat(Float.floatToRawIntBits(out.get(lane)))
                            .as("%s", in[lane])
                            .isEqualTo(expected);
                }
                float[] back = Lanes.loadBf16(out.address()).toArray();
                assertThat(back).isEqualTo(out.values());
            }
        }
    }

    @Test
    void lanesAreAddedAsAFixedTree() {
        float[] v = new float[Lanes.COUNT];
        SplittableRandom random = new SplittableRandom(6);
        for (int trial = 0; trial < 50_000; trial++) {
            for (int i = 0; i < v.length; i++) {
                v[i] = (float) random.nextGaussian();
            }
            float[] tree = v.clone();
            for (int half = v.length / 2; half > 0; half /= 2) {
                for (int i = 0; i < half; i++) {
                    tree[i] += tree[i + half];
                }
            }
            assertThat(Lanes.sum(FloatVector.fromArray(Lanes.F32, v, 0))).isEqualTo(tree[0]);
        }
    }
}
