package io.github.dyt4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The vector kernel against the oracle over random shapes. The oracle's own derivative is checked by FusedFunctionsTest. */
class SwiGluVectorTest {
    @Test
    void agreesWithTheOracle() {
        for (long seed = 0; seed < 100; seed++) {
            Random random = new Random(seed);
            Dtype dtype = random.nextBoolean() ? Dtype.F32 : Dtype.BF16;
            SwiGluCall call = new SwiGluCall(dtype, 1 + random.nextInt(9), 1 + random.nextInt(70));
            double spread = random.nextInt(4) == 0 ? 100 : 3;
            float[][] expected = run(new SwiGluOracle(), call, seed, spread);
            float[][] actual = run(new SwiGluVector(), call, seed, spread);
            // In bf16 a value half way between two may go either way, and they are up to 2⁻⁷ apart.
            double relative = dtype == Dtype.F32 ? 2e-6 : 0x1p-7;
            for (int which = 0; which < 2; which++) {
                for (int i = 0; i < expected[which].length; i++) {
                    double e = expected[which][i];
                    assertThat(Math.abs(actual[which][i] - e))
                            .as("seed %d, %s, output %d, value %d: %s", seed, call, which, i, e)
                            .isLessThanOrEqualTo(relative * Math.abs(e) + 1e-6);
                }
            }
        }
    }

    private static float[][] run(SwiGluKernel kernel, SwiGluCall call, long seed, double spread) {
        int size = Math.toIntExact(call.rows() * call.width());
        Random random = new Random(seed);
        try (Arena arena = Arena.ofConfined()) {
            Buffer x = new Buffer(arena, call.dtype(), 2 * size).fill(_ -> spread * random.nextGaussian());
            Buffer dy = new Buffer(arena, call.dtype(), size).fill(_ -> random.nextGaussian());
            Buffer y = new Buffer(arena, call.dtype(), size);
            Buffer dx = new Buffer(arena, call.dtype(), 2 * size);
            long up = x.address() + (long) call.width() * call.dtype().bytes();
            kernel.forward(call, x.address(), up, 2L * call.width(), y.address());
            kernel.backward(call, x.address(), dy.address(), dx.address());
            y.assertGuards("y");
            dx.assertGuards("dx");
            return new float[][] {y.values(), dx.values()};
        }
    }
}
