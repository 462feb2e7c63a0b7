package io.github.dyt4j.formats;

import org.jspecify.annotations.Nullable;

/**
 * A mistake that the user can mend. The message says in at most three lines what was wrong, where, and what to do; the command line
 * prints it alone and exits with 2.
 */
public final class UserError extends RuntimeException {
    private static final long serialVersionUID = 1;

    public UserError(String message) {
        this(message, null);
    }

    public UserError(String message, @Nullable Throwable cause) {
        super(message, cause);
    }
}
