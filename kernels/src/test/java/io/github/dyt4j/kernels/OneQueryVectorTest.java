package io.github.dyt4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The vector kernel against the oracle over random shapes, and on whatever number of threads. */
class OneQueryVectorTest {
    @Test
    void agreesWithTheOracle() {
        agreesWithTheOracle(200);
    }

    static void agreesWithTheOracle(int seeds) {
        for (long seed = 0; seed < seeds; seed++) {
            Random random = new Random(seed);
            int kvHeads = 1 + random.nextInt(5);
            int d = 1 + random.nextInt(90);
            int seen = 1 + random.nextInt(60);
            long stride = (long) d * (seen + random.nextInt(3));
            double scale = random.nextInt(4) == 0 ? 20 : 1 / Math.sqrt(d);
            OneQueryCall call = new OneQueryCall(kvHeads * (1 + random.nextInt(3)), kvHeads, d, seen, stride, scale);
            float[] expected = run(new OneQueryOracle(), call, seed);
            float[] actual = run(new OneQueryVector(), call, seed);
            for (int i = 0; i < expected.length; i++) {
                // In bf16 a value half way between two may go either way; a score in the hundreds errs by 1e-4 in f32.
                assertThat(Math.abs(actual[i] - (double) expected[i]))
                        .as("seed %d, %s, value %d: %s", seed, call, i, expected[i])
                        .isLessThanOrEqualTo(0x1p-7 * Math.abs(expected[i]) + 2e-6 * (1 + scale * d));
            }
        }
    }

    @Test
    void threadsChangeNoBit() {
        OneQueryCall call = new OneQueryCall(24, 12, 96, 301, 96 * 310, 0.1);
        int before = RowPool.threads();
        try {
            RowPool.threads(1);
            float[] alone = run(new OneQueryVector(), call, 5);
            RowPool.threads(2);
            assertThat(run(new OneQueryVector(), call, 5)).isEqualTo(alone);
        } finally {
            RowPool.threads(before);
        }
    }

    private static float[] run(OneQueryKernel kernel, OneQueryCall call, long seed) {
        Random random = new Random(seed);
        int size = Math.toIntExact(call.kvHeads() * call.stride());
        try (Arena arena = Arena.ofConfined()) {
            Buffer q = new Buffer(arena, Dtype.BF16, call.heads() * call.headDim()).fill(_ -> random.nextGaussian());
            Buffer k = new Buffer(arena, Dtype.BF16, size).fill(_ -> random.nextGaussian());
            Buffer v = new Buffer(arena, Dtype.BF16, size).fill(_ -> random.nextGaussian());
            Buffer y = new Buffer(arena, Dtype.BF16, q.size);
            kernel.forward(call, q.address(), k.address(), v.address(), y.address());
            y.assertGuards("y");
            return y.values();
        }
    }
}
