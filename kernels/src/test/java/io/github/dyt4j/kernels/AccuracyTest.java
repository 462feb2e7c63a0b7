package io.github.dyt4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import java.util.function.BinaryOperator;
import java.util.function.DoubleUnaryOperator;
import jdk.incubator.vector.FloatVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The documented bounds of f and f′, in f32 ulp, over every exponent and both signs. */
final class AccuracyTest {
    private static final int PER_EXPONENT = 2000;

    @ParameterizedTest
    @CsvSource({"TANH, 3, 3", "ERF, 6, 80", "ISRU, 3, 7", "HARDTANH, 0, 0", "SIGMOID, 3, 5", "LINEAR, 0, 0"})
    void withinItsBound(Squash squash, double valueUlps, double slopeUlps) {
        VectorSquash f = VectorSquash.of(squash);
        long seed = 31;
        double value = worst(seed, (u, core) -> f.value(u, f.core(u)), squash::value);
        double slope = worst(seed, (u, core) -> f.slope(u, f.core(u)), squash::slope);
        assertThat(value).as("f, seed %d", seed).isLessThanOrEqualTo(valueUlps);
        assertThat(slope).as("f', seed %d", seed).isLessThanOrEqualTo(slopeUlps);
    }

    /** The greatest error where the true value is a normal f32; where it is less, 3e-38 is allowed. */
    private static double worst(long seed, BinaryOperator<FloatVector> f, DoubleUnaryOperator exact) {
        SplittableRandom random = new SplittableRandom(seed);
        double worst = 0;
        float[] u = new float[Lanes.COUNT];
        for (int exponent = 0; exponent < 255; exponent++) {
            for (int i = 0; i < PER_EXPONENT; i += u.length) {
                for (int lane = 0; lane < u.length; lane++) {
                    int sign = random.nextInt() & 0x80000000;
                    u[lane] = Float.intBitsToFloat(sign | exponent << 23 | random.nextInt(1 << 23));
                }
                FloatVector in = FloatVector.fromArray(Lanes.F32, u, 0);
                FloatVector out = f.apply(in, in);
                for (int lane = 0; lane < u.length; lane++) {
                    double expected = exact.applyAsDouble(u[lane]);
                    double error = Math.abs(out.lane(lane) - expected);
                    if (Math.abs(expected) >= 4e-38) {
                        worst = Math.max(worst, error / Math.ulp((float) expected));
                    } else {
                        assertThat(error).as("f(%s)", u[lane]).isLessThanOrEqualTo(3e-38);
                    }
                }
            }
        }
        return worst;
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
