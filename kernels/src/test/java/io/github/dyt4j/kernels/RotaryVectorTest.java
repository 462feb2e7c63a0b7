package io.github.dyt4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The vector kernel against the oracle over random shapes, of vectors that lie among others. */
class RotaryVectorTest {
    @Test
    void agreesWithTheOracle() {
        for (long seed = 0; seed < 100; seed++) {
            Random random = new Random(seed);
            int batch = 1 + random.nextInt(3);
            int heads = 1 + random.nextInt(4);
            int tokens = 1 + random.nextInt(20);
            int half = 1 + random.nextInt(40);
            int width = 2 * half * heads + random.nextInt(5);
            Dtype in = random.nextBoolean() ? Dtype.F32 : Dtype.BF16;
            Dtype out = in == Dtype.BF16 || random.nextBoolean() ? Dtype.BF16 : Dtype.F32;
            RotaryCall call = new RotaryCall(
                    in,
                    out,
                    batch,
                    heads,
                    tokens,
                    half,
                    new RotaryCall.Strides((long) tokens * width, 2L * half, width),
                    new RotaryCall.Strides(2L * half * tokens * heads, 2L * half * tokens, 2L * half),
                    random.nextBoolean() ? 1 : -1);
            int read = batch * tokens * width;
            float[] expected = run(new RotaryOracle(), call, seed, read);
            float[] actual = run(new RotaryVector(), call, seed, read);
            double relative = out == Dtype.F32 ? 1e-6 : 0x1p-7;
            for (int i = 0; i < expected.length; i++) {
                double e = expected[i];
                assertThat(Math.abs(actual[i] - e))
                        .as("seed %d, %s, value %d: %s", seed, call, i, e)
                        .isLessThanOrEqualTo(relative * Math.abs(e) + 1e-6);
            }
        }
    }

    private static float[] run(RotaryKernel kernel, RotaryCall call, long seed, int read) {
        int vectors = Math.toIntExact(call.batch() * call.heads() * call.tokens());
        int angles = Math.toIntExact(call.tokens() * call.half());
        Random random = new Random(seed);
        try (Arena arena = Arena.ofConfined()) {
            Buffer x = new Buffer(arena, call.in(), read).fill(_ -> random.nextGaussian());
            Buffer cos = new Buffer(arena, Dtype.F32, angles).fill(_ -> random.nextGaussian());
            Buffer sin = new Buffer(arena, Dtype.F32, angles).fill(_ -> random.nextGaussian());
            Buffer y = new Buffer(arena, call.out(), 2 * call.half() * vectors);
            kernel.turn(call, x.address(), cos.address(), sin.address(), y.address());
            y.assertGuards("y");
            return y.values();
        }
    }
}
