package io.github.dyt4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The vector kernel against the oracle over random shapes, and a label that is no class. */
class CrossEntropyVectorTest {
    @Test
    void agreesWithTheOracle() {
        for (long seed = 0; seed < 100; seed++) {
            Random random = new Random(seed);
            Dtype dtype = random.nextBoolean() ? Dtype.F32 : Dtype.BF16;
            CrossEntropyCall call = new CrossEntropyCall(dtype, 1 + random.nextInt(9), 1 + random.nextInt(300));
            double spread = random.nextInt(4) == 0 ? 200 : 3;
            float[][] expected = run(new CrossEntropyOracle(), call, seed, spread);
            float[][] actual = run(new CrossEntropyVector(), call, seed, spread);
            for (int which = 0; which < 3; which++) {
                // Of the gradient in bf16 a value half way between two may go either way, and they are up to 2⁻⁷ apart.
                double relative = which == 2 && dtype == Dtype.BF16 ? 0x1p-7 : 3e-6;
                for (int i = 0; i < expected[which].length; i++) {
                    double e = expected[which][i];
                    assertThat(Math.abs(actual[which][i] - e))
                            .as("seed %d, %s, output %d, value %d: %s", seed, call, which, i, e)
                            .isLessThanOrEqualTo(relative * (1e-7 * spread + Math.abs(e)) + 1e-6);
                }
            }
        }
    }

    @Test
    void aLabelThatIsNoClassIsNamed() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment labels = arena.allocateFrom(ValueLayout.JAVA_LONG, 1, 7);
            long z = new Buffer(arena, Dtype.F32, 10).fill(_ -> 0).address();
            long out = new Buffer(arena, Dtype.F32, 10).address();
            CrossEntropyCall call = new CrossEntropyCall(Dtype.F32, 2, 5);
            assertThatThrownBy(() -> new CrossEntropyVector().forward(call, z, labels.address(), out, out))
                    .hasMessage("label 7 at row 1 of 5 classes");
        }
    }

    private static float[][] run(CrossEntropyKernel kernel, CrossEntropyCall call, long seed, double spread) {
        int rows = Math.toIntExact(call.rows());
        int size = rows * call.classes();
        Random random = new Random(seed);
        try (Arena arena = Arena.ofConfined()) {
            Buffer z = new Buffer(arena, call.dtype(), size).fill(_ -> spread * random.nextGaussian());
            Buffer d = new Buffer(arena, Dtype.F32, rows).fill(_ -> random.nextGaussian());
            long[] own = random.longs(rows, 0, call.classes()).toArray();
            long labels = arena.allocateFrom(ValueLayout.JAVA_LONG, own).address();
            Buffer loss = new Buffer(arena, Dtype.F32, rows);
            Buffer logSum = new Buffer(arena, Dtype.F32, rows);
            Buffer dz = new Buffer(arena, call.dtype(), size);
            kernel.forward(call, z.address(), labels, loss.address(), logSum.address());
            // The same sums for both, of which f32 keeps only so much.
            new CrossEntropyOracle().forward(call, z.address(), labels, loss.address(), logSum.address());
            float[] sums = logSum.values();
            kernel.forward(call, z.address(), labels, loss.address(), logSum.address());
            float[] seen = logSum.values();
            logSum.fill(i -> sums[i]);
            kernel.backward(call, z.address(), labels, logSum.address(), d.address(), dz.address());
            loss.assertGuards("loss");
            logSum.assertGuards("log of the sum");
            dz.assertGuards("dz");
            return new float[][] {loss.values(), seen, dz.values()};
        }
    }
}
