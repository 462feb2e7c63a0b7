package io.github.dyt4j.torch;

import org.bytedeco.pytorch.AutoGradMode;
import org.bytedeco.pytorch.GradMode;

/** Whether libtorch records operations for backward on this thread, for the length of a try block. */
public final class Grad implements AutoCloseable {
    private final AutoGradMode guard;

    private Grad(boolean on) {
        guard = new AutoGradMode(on);
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
        guard.close();
    }
}
