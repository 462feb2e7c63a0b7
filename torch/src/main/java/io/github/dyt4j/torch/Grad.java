package io.github.dyt4j.torch;

import org.bytedeco.pytorch.GradMode;

/** Whether libtorch records operations for backward on this thread, for the length of a try block. */
public final class Grad implements AutoCloseable {
    private final boolean before = GradMode.is_enabled();

    private Grad(boolean on) {
        // libtorch's guard object would end with its last Java reference, which outside a scope is not at close.
        GradMode.set_enabled(on);
    }

    /** {@code try (var _ = Grad.off()) { … }}: no graph is recorded inside. */
    public static Grad off() {
        return new Grad(false);
    }

    public static Grad on() {
        return new Grad(true);
    }

    public static boolean enabled() {
        return GradMode.is_enabled();
    }

    @Override
    public void close() {
        GradMode.set_enabled(before);
    }
}
