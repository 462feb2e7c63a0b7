package io.github.dyt4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The vector kernel against the oracle over random shapes, and on whatever number of threads. */
class ScoreVectorTest {
    @Test
    void agreesWithTheOracle() {
        for (long seed = 0; seed < 150; seed++) {
            Random random = new Random(seed);
            int first = random.nextInt(70);
            int rows = 1 + random.nextInt(40);
            int columns = first + rows + random.nextInt(3);
            Dtype dtype = random.nextBoolean() ? Dtype.F32 : Dtype.BF16;
            ScoreCall call = new ScoreCall(dtype, 1 + random.nextInt(5), rows, columns, first, 0.125);
            double spread = random.nextInt(4) == 0 ? 2400 : 24;
            float[][] expected = run(new ScoreOracle(), call, seed, spread);
            float[][] actual = run(new ScoreVector(), call, seed, spread);
            // In bf16 a value half way between two may go either way, and they are up to 2⁻⁷ apart.
            double relative = dtype == Dtype.F32 ? 3e-6 : 0x1p-7;
            for (int which = 0; which < 2; which++) {
                for (int i = 0; i < expected[which].length; i++) {
                    double e = expected[which][i];
                    assertThat(Math.abs(actual[which][i] - e))
                            .as("seed %d, %s, output %d, value %d: %s", seed, call, which, i, e)
                            .isLessThanOrEqualTo(relative * Math.abs(e) + 1e-7);
                }
            }
        }
    }

    @Test
    void threadsChangeNoBit() {
        ScoreCall call = new ScoreCall(Dtype.F32, 6, 200, 333, 133, 0.1);
        int before = RowPool.threads();
        try {
            RowPool.threads(1);
            float[][] alone = run(new ScoreVector(), call, 5, 3);
            RowPool.threads(4);
            assertThat(run(new ScoreVector(), call, 5, 3)).isDeepEqualTo(alone);
        } finally {
            RowPool.threads(before);
        }
    }

    private static float[][] run(ScoreKernel kernel, ScoreCall call, long seed, double spread) {
        int rows = Math.toIntExact(call.matrices() * call.rows());
        int size = rows * call.columns();
        Random random = new Random(seed);
        try (Arena arena = Arena.ofConfined()) {
            Buffer scores = new Buffer(arena, Dtype.F32, size).fill(_ -> spread * random.nextGaussian());
            Buffer dP = new Buffer(arena, Dtype.F32, size).fill(_ -> random.nextGaussian());
            Buffer d = new Buffer(arena, Dtype.F32, rows).fill(_ -> random.nextGaussian());
            Buffer p = new Buffer(arena, call.dtype(), size);
            Buffer dS = new Buffer(arena, call.dtype(), size);
            kernel.backward(call, scores.address(), dP.address(), d.address(), p.address(), dS.address());
            scores.assertGuards("scores");
            p.assertGuards("p");
            dS.assertGuards("dS");
            return new float[][] {p.values(), dS.values()};
        }
    }
}
