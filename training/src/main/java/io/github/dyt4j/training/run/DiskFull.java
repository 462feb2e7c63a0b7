package io.github.dyt4j.training.run;

import java.io.IOException;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Whether a write failed for want of room: Java has no exception of its own for that, so the system's words decide. */
final class DiskFull {
    private DiskFull() {}

    static boolean is(@Nullable Throwable e) {
        for (Throwable t = e; t != null; t = t.getCause()) {
            String message = String.valueOf(t.getMessage()).toLowerCase(Locale.ROOT);
            if (t instanceof IOException
                    && (message.contains("no space left")
                            || message.contains("not enough space")
                            || message.contains("quota exceeded"))) {
                return true;
            }
        }
        return false;
    }
}
