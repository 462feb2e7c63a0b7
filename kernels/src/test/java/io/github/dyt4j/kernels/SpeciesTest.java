package io.github.dyt4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.kernels.PointwiseCase.Parts;
import io.github.dyt4j.kernels.PointwiseCase.Shape;
import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What must hold for every width of vector, on shapes small enough for one that Java emulates; the build runs it with 128, 256 and 512 bits. */
final class SpeciesTest {
    private static final int[] WIDTHS = {1, 4, 17, 32};

    @Test
    void theWidthAskedForIsUsedAndSaid() {
        String bits = System.getProperty(Species.PROPERTY);
        if (bits != null) {
            assertThat(Lanes.F32.vectorBitSize()).isEqualTo(Integer.parseInt(bits));
        }
        assertThat(Kernels.description()).contains(Lanes.F32.vectorBitSize() + "-bit");
    }

    @ParameterizedTest
    @EnumSource(Squash.class)
    void pointwiseNormsAgreeWithTheOracle(Squash squash) {
        SplittableRandom random = new SplittableRandom(71);
        for (Dtype dtype : Dtype.values()) {
            for (int width : WIDTHS) {
                for (int inner : new int[] {1, 5}) {
                    try (Arena arena = Arena.ofConfined()) {
                        Shape shape = new Shape(3, width, inner);
                        PointwiseCase one = PointwiseCase.random(
                                arena, random, squash, dtype, shape, new Parts(true, false, true, true, true));
                        PointwiseVectorTest.assertClose(one, "seed 71: " + one.call());
                    }
                }
            }
        }
    }

    @Test
    void rowNormsAgreeWithTheOracle() {
        SplittableRandom random = new SplittableRandom(72);
        for (Dtype dtype : Dtype.values()) {
            for (int width : WIDTHS) {
                for (boolean centered : new boolean[] {true, false}) {
                    try (Arena arena = Arena.ofConfined()) {
                        RowNormCall call = RowNormVectorTest.call(arena, random, centered, dtype, 3, width);
                        Buffer x = new Buffer(arena, dtype, 3 * width).fill(i -> random.nextGaussian());
                        Buffer dy = new Buffer(arena, dtype, 3 * width).fill(i -> random.nextGaussian());
                        RowNormVectorTest.assertClose(call, x, dy, arena, "seed 72: " + call);
                    }
                }
            }
        }
    }

    @Test
    void productsOfFewRowsAgreeWithTheOracle() {
        FewRowsVectorTest.agreesWithTheOracle(20);
    }

    @Test
    void oneTokensAttentionAgreesWithTheOracle() {
        OneQueryVectorTest.agreesWithTheOracle(20);
    }

    @Test
    void bytesAreTheOracles() {
        SplittableRandom random = new SplittableRandom(73);
        for (int width : WIDTHS) {
            try (Arena arena = Arena.ofConfined()) {
                PointwiseCall call =
                        new PointwiseCall(Squash.TANH, Dtype.F32, Accuracy.F32, 3, width, 1, 0, false, 0, 0, 0);
                RowNormCall rows = new RowNormCall(false, Dtype.F32, 3, width, 1e-6, 0, 0);
                Buffer x = new Buffer(arena, Dtype.F32, 3 * width).fill(i -> random.nextGaussian());
                long scales = new Buffer(arena, Dtype.F32, 3).address();
                byte[] expected = FusedFormsTest.bytes(
                        arena, x.size, q -> new PointwiseOracle().quantize(call, x.address(), q, 1 / 127f));
                byte[] actual = FusedFormsTest.bytes(
                        arena, x.size, q -> new PointwiseVector().quantize(call, x.address(), q, 1 / 127f));
                byte[] expectedRows = FusedFormsTest.bytes(
                        arena, x.size, q -> new RowNormOracle().quantize(rows, x.address(), q, scales));
                byte[] actualRows = FusedFormsTest.bytes(
                        arena, x.size, q -> new RowNormVector().quantize(rows, x.address(), q, scales));
                for (int i = 0; i < x.size; i++) {
                    assertThat((actual[i] & 0xff) - (expected[i] & 0xff)).isBetween(-1, 1);
                    assertThat((actualRows[i] & 0xff) - (expectedRows[i] & 0xff))
                            .isBetween(-1, 1);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Accuracy.class)
    void tanhAndErfKeepTheirGrade(Accuracy grade) {
        SplittableRandom random = new SplittableRandom(74);
        for (Squash squash : new Squash[] {Squash.TANH, Squash.ERF}) {
            try (Arena arena = Arena.ofConfined()) {
                PointwiseCall call = new PointwiseCall(squash, Dtype.F32, grade, 1, 2048, 1, 0, false, 0, 0, 0);
                Buffer x = new Buffer(arena, Dtype.F32, 2048).fill(i -> 3 * random.nextGaussian());
                Buffer y = new Buffer(arena, Dtype.F32, 2048);
                new PointwiseVector().forward(call, x.address(), y.address());
                double ulps = grade == Accuracy.F32 ? 5 : 0.25 * (1 << 16);
                for (int i = 0; i < x.size; i++) {
                    double exact = squash.value(x.get(i));
                    assertThat(Math.abs(y.get(i) - exact) / Math.ulp((float) exact))
                            .as("%s(%s)", squash, x.get(i))
                            .isLessThanOrEqualTo(ulps);
                }
            }
        }
    }
}
