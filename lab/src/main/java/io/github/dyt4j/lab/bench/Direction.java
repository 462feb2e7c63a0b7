package io.github.dyt4j.lab.bench;

import io.github.dyt4j.formats.Nearest;
import io.github.dyt4j.formats.UserError;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/** Which way a norm is run, and how many tensors it must move at the least: each input read and each output written, once. */
public enum Direction {
    /** Reads x, writes y. */
    FORWARD(2),
    /** Reads x and dy, writes dx. */
    BACKWARD(3),
    /** Forward, then backward, as training does. */
    BOTH(5);

    private final int tensors;

    Direction(int tensors) {
        this.tensors = tensors;
    }

    /** Elements read and written for each element of x. */
    public int tensors() {
        return tensors;
    }

    /** What people type. */
    public String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Direction parse(String text) {
        List<String> known = Arrays.stream(values()).map(Direction::key).toList();
        int index = known.indexOf(text.toLowerCase(Locale.ROOT));
        if (index < 0) {
            throw new UserError("--direction '" + text + "' is none of " + String.join(", ", known) + "."
                    + Nearest.hint(text, known));
        }
        return values()[index];
    }
}
