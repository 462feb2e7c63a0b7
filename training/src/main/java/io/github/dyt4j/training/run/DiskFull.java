package io.github.dyt4j.training.run;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Whether a write failed for want of room. Java has no exception of its own for that, and the system's words depend on its language. */
public final class DiskFull {
    private static final long HARDLY_ANYTHING = 1 << 16;

    private DiskFull() {}

    /** The sentence for a user whose disk has no room for this file; nothing when the failure is another one. */
    public static Optional<UserError> explain(IOException failure, Path file) {
        if (!is(failure, Store.above(file))) {
            return Optional.empty();
        }
        return Optional.of(new UserError(
                "The disk is full: cannot write " + file + " (" + failure.getMessage()
                        + ").\nFree some space and give the same command again: it goes on from the last checkpoint.",
                failure));
    }

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
