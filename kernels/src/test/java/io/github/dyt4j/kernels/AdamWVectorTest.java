package io.github.dyt4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The vector kernel against the oracle over random counts, and on whatever number of threads. */
class AdamWVectorTest {
    private static final String[] NAMES = {"p", "g", "m", "v"};

    private final int before = RowPool.threads();

    @AfterEach
    void restore() {
        RowPool.threads(before);
    }

    @Test
    void agreesWithTheOracle() {
        for (long seed = 0; seed < 60; seed++) {
            Random random = new Random(seed);
            int count = random.nextInt(5) == 0 ? 16384 * 4 + random.nextInt(40) : 1 + random.nextInt(200);
            double scale = random.nextBoolean() ? 1 : 0.37;
            double decay = random.nextBoolean() ? 0 : 0.1;
            AdamWCall call = AdamWCall.of(count, scale, 0.9, 0.95, 1e-8, 2e-3, decay, 1 + random.nextInt(50));
            float[][] expected = run(new AdamWOracle(), call, seed);
            float[][] actual = run(new AdamWVector(), call, seed);
            for (int which = 0; which < NAMES.length; which++) {
                for (int i = 0; i < count; i++) {
                    double e = expected[which][i];
                    // Of a step that nearly takes p to 0 the error is the step's own.
                    double moved = which == 0 ? Math.abs(e - expected[4][i]) : 0;
                    assertThat(Math.abs(actual[which][i] - e))
                            .as("seed %d, %s, %s[%d]: %s", seed, call, NAMES[which], i, e)
                            .isLessThanOrEqualTo(3e-7 * (Math.abs(e) + moved) + 3e-9);
                }
            }
        }
    }

    @Test
    void squaresAreThoseOfTheOracle() {
        for (int count : new int[] {0, 1, 15, 16, 33, 16384, 16385, 100_003}) {
            try (Arena arena = Arena.ofConfined()) {
                Random random = new Random(count);
                long x = new Buffer(arena, Dtype.F32, count)
                        .fill(_ -> random.nextGaussian())
                        .address();
                double expected = new AdamWOracle().squares(count, x);
                assertThat(Math.abs(new AdamWVector().squares(count, x) - expected))
                        .as("%d values", count)
                        .isLessThanOrEqualTo(1e-6 * expected);
            }
        }
    }

    @Test
    void threadsChangeNoBit() {
        AdamWCall call = AdamWCall.of(200_001, 0.5, 0.9, 0.999, 1e-8, 1e-3, 0.05, 3);
        RowPool.threads(1);
        float[][] alone = run(new AdamWVector(), call, 1);
        RowPool.threads(4);
        assertThat(run(new AdamWVector(), call, 1)).isDeepEqualTo(alone);
    }

    private static float[][] run(AdamWKernel kernel, AdamWCall call, long seed) {
        int count = Math.toIntExact(call.count());
        Random random = new Random(seed);
        try (Arena arena = Arena.ofConfined()) {
            Buffer p = new Buffer(arena, Dtype.F32, count).fill(_ -> random.nextGaussian());
            Buffer g = new Buffer(arena, Dtype.F32, count).fill(_ -> 0.1 * random.nextGaussian());
            Buffer m = new Buffer(arena, Dtype.F32, count).fill(_ -> 0.1 * random.nextGaussian());
            Buffer v = new Buffer(arena, Dtype.F32, count).fill(_ -> 0.01 * random.nextDouble());
            float[] start = p.values();
            kernel.step(call, p.address(), g.address(), m.address(), v.address());
            float[][] all = new float[5][];
            Buffer[] buffers = {p, g, m, v};
            for (int i = 0; i < buffers.length; i++) {
                buffers[i].assertGuards(NAMES[i]);
                all[i] = buffers[i].values();
            }
            all[4] = start;
            return all;
        }
    }
}
