package io.github.dyt4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The vector kernel against the oracle over random shapes; and that neither threads nor the number of rows change a bit. */
class FewRowsVectorTest {
    @Test
    void agreesWithTheOracle() {
        agreesWithTheOracle(200);
    }

    static void agreesWithTheOracle(int seeds) {
        for (long seed = 0; seed < seeds; seed++) {
            Random random = new Random(seed);
            FewRowsCall call = new FewRowsCall(1 + random.nextInt(8), random.nextInt(70), random.nextInt(300));
            boolean bias = random.nextBoolean();
            float[] expected = run(new FewRowsOracle(), call, bias, seed);
            float[] actual = run(new FewRowsVector(), call, bias, seed);
            // In bf16 a value half way between two may go either way; sums in f32 err by 2⁻²⁴ of their size at each
            // term.
            double sumError = 0x1p-24 * (call.in() + 2) * 3 * Math.sqrt(call.in() + 1);
            for (int i = 0; i < expected.length; i++) {
                assertThat(Math.abs(actual[i] - (double) expected[i]))
                        .as("seed %d, %s, bias %s, value %d: %s", seed, call, bias, i, expected[i])
                        .isLessThanOrEqualTo(0x1p-7 * Math.abs(expected[i]) + sumError);
            }
        }
    }

    @Test
    void threadsChangeNoBit() {
        FewRowsCall call = new FewRowsCall(3, 1501, 777);
        int before = RowPool.threads();
        try {
            RowPool.threads(1);
            float[] alone = run(new FewRowsVector(), call, true, 5);
            RowPool.threads(2);
            assertThat(run(new FewRowsVector(), call, true, 5)).isEqualTo(alone);
        } finally {
            RowPool.threads(before);
        }
    }

    @Test
    void rowsDoNotDependOnHowManyThereAre() {
        for (int in : new int[] {1, 31, 64, 333, 4096}) {
            int out = 101;
            float[] eight = run(new FewRowsVector(), new FewRowsCall(8, out, in), true, 9);
            for (int rows = 1; rows < 8; rows++) {
                assertThat(run(new FewRowsVector(), new FewRowsCall(rows, out, in), true, 9))
                        .as("%d rows of %d", rows, in)
                        .isEqualTo(Arrays.copyOf(eight, rows * out));
            }
        }
    }

    /** W begins at an odd bf16, so its ints straddle; the first rows of x are the same whatever their number. */
    private static float[] run(FewRowsKernel kernel, FewRowsCall call, boolean bias, long seed) {
        Random random = new Random(seed);
        try (Arena arena = Arena.ofConfined()) {
            Buffer w = new Buffer(arena, Dtype.BF16, call.out() * call.in() + 1).fill(_ -> random.nextGaussian());
            Buffer b = new Buffer(arena, Dtype.BF16, call.out()).fill(_ -> random.nextGaussian());
            Buffer x = new Buffer(arena, Dtype.BF16, call.rows() * call.in()).fill(_ -> random.nextGaussian());
            Buffer y = new Buffer(arena, Dtype.BF16, call.rows() * call.out());
            kernel.forward(call, x.address(), w.address() + 2, bias ? b.address() : 0, y.address());
            y.assertGuards("y");
            return y.values();
        }
    }
}
