package io.github.dyt4j.torch;

import org.bytedeco.pytorch.Context;

/**
 * Numbers below 1.2e-38 count as zero on this thread, for the length of a try block. Where a tanh saturates, its slope and all that is
 * multiplied by it come down to such numbers, and a matrix product of them takes several times as long. Threads of libtorch's pools that
 * were made before keep them; Java's own arithmetic outside the block is untouched.
 */
public final class Subnormals implements AutoCloseable {
    private Subnormals() {
        set(true);
    }

    /** {@code try (var _ = Subnormals.flushed()) { … }} */
    public static Subnormals flushed() {
        return new Subnormals();
    }

    @Override
    public void close() {
        set(false);
    }

    /** False where the processor cannot; then it is only slower. */
    @SuppressWarnings("CheckReturnValue")
    private static void set(boolean on) {
        Context.setFlushDenormal(on);
    }
}
