package io.github.dyt4j.kernels;

import java.lang.foreign.Arena;
import java.util.function.LongConsumer;

/** A residual sum and its gradient as the oracles have them: one element at a time. */
final class Residual {
    private Residual() {}

    /** sum = x + branch, rounded to the dtype. */
    static void add(Dtype dtype, long size, long x, long branch, long sum) {
        for (long i = 0; i < size; i++) {
            Memory.store(dtype, sum, i, Memory.load(dtype, x, i) + Memory.load(dtype, branch, i));
        }
    }

    /** dx = dSum + what the norm's own backward writes where it is told to; dx may be 0, and so may dSum. */
    static void backward(Dtype dtype, long size, long dSum, long dx, LongConsumer norm) {
        if (dx == 0 || dSum == 0) {
            norm.accept(dx);
            return;
        }
        try (Arena arena = Arena.ofConfined()) {
            long own = arena.allocate(Math.max(1, size * dtype.bytes()), 4).address();
            norm.accept(own);
            add(dtype, size, dSum, own, dx);
        }
    }
}
