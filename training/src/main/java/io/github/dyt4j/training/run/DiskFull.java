package io.github.dyt4j.training.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Whether a write failed for want of room. Java has no exception of its own for that, and the system's words depend on its language. */
final class DiskFull {
    private static final long HARDLY_ANYTHING = 1 << 16;

    private DiskFull() {}

    /** To be asked before anything is deleted: where the words are unknown, the room left in the folder decides. */
    static boolean is(Throwable failure, Path folder) {
        boolean written = false;
        for (@Nullable Throwable t = failure; t != null; t = t.getCause()) {
            String message = String.valueOf(t.getMessage()).toLowerCase(Locale.ROOT);
            if (t instanceof IOException) {
                written = true;
                if (message.contains("no space left")
                        || message.contains("not enough space")
                        || message.contains("quota exceeded")) {
                    return true;
                }
            }
        }
        return written && room(folder) < HARDLY_ANYTHING;
    }

    private static long room(Path folder) {
        try {
            return Files.getFileStore(folder).getUsableSpace();
        } catch (IOException e) {
            return Long.MAX_VALUE;
        }
    }
}
