package io.github.dyt4j.training;

import io.github.dyt4j.formats.Nearest;
import io.github.dyt4j.formats.UserError;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * One key that a recipe may hold: its type, its range or choices, its default as it would be typed, and one line of help.
 * An optional key may be {@code null} ({@code none}): then the thing is off, or comes from the model or the data.
 */
public record RecipeKey(
        String name,
        Kind kind,
        boolean optional,
        String initial,
        double min,
        double max,
        List<String> choices,
        String help) {
    /** What a value is in Java: String, Long, Double or a list of Doubles. */
    public enum Kind {
        TEXT,
        INTEGER,
        NUMBER,
        NUMBERS
    }

    private static final Set<String> NOTHING = Set.of("", "null", "none", "~");

    /** The value of a scalar or of a list as it was typed. The error names {@code where}, the key and what is allowed. */
    @Nullable
    Object parse(List<String> typed, String where) {
        if (optional && typed.size() == 1 && NOTHING.contains(typed.getFirst().toLowerCase(Locale.ROOT))) {
            return null;
        }
        if (kind == Kind.NUMBERS) {
            List<Double> values = new ArrayList<>();
            // A shell takes 0.7,1 without quotes, and --lrs is written so too.
            for (String t : typed.size() == 1 ? typed.getFirst().split(",", -1) : typed.toArray(String[]::new)) {
                values.add(number(t, where));
            }
            return List.copyOf(values);
        }
        if (typed.size() != 1) {
            throw new UserError(where + ": " + name + " is one value, not a list of " + typed.size() + "."
                    + (kind == Kind.TEXT ? " It is " + help + "." : ""));
        }
        String text = typed.getFirst().strip();
        return switch (kind) {
            case TEXT -> text(text, where);
            case INTEGER -> integer(text, where);
            case NUMBER -> number(text, where);
            case NUMBERS -> throw new IllegalStateException();
        };
    }

    private String text(String typed, String where) {
        if (typed.isEmpty()) {
            throw new UserError(where + ": " + name + " is empty. It is " + help + ".");
        }
        if (!choices.isEmpty() && !choices.contains(typed)) {
            throw new UserError(where + ": " + name + " cannot be '" + typed + "'; it is one of "
                    + String.join(", ", choices) + "." + Nearest.hint(typed, choices));
        }
        return typed;
    }

    private Long integer(String typed, String where) {
        try {
            long value = new BigDecimal(typed).longValueExact();
            if (value >= min && value <= max) {
                return value;
            }
        } catch (NumberFormatException | ArithmeticException e) {
            // said below, with the range
        }
        throw new UserError(where + ": " + name + " is a whole number" + range() + ", not '" + typed + "'.");
    }

    private Double number(String typed, String where) {
        try {
            double value = new BigDecimal(typed.strip()).doubleValue();
            if (value >= min && value <= max) {
                return value;
            }
        } catch (NumberFormatException e) {
            // said below, with the range
        }
        throw new UserError(where + ": " + name + (kind == Kind.NUMBERS ? " holds numbers" : " is a number") + range()
                + ", not '" + typed + "'.");
    }

    private String range() {
        if (min == -Double.MAX_VALUE && max == Double.MAX_VALUE) {
            return "";
        }
        return max >= Integer.MAX_VALUE ? " of at least " + show(min) : " from " + show(min) + " to " + show(max);
    }

    /** The one way a value is written, which {@link #parse} reads back to the same value. */
    static String show(@Nullable Object value) {
        return switch (value) {
            case null -> "null";
            case Double d -> number(d);
            case List<?> list -> list.stream().map(RecipeKey::show).collect(Collectors.joining(", ", "[", "]"));
            default -> value.toString();
        };
    }

    private static String number(double value) {
        if (value == Math.rint(value) && Math.abs(value) < 1e7) {
            return Long.toString((long) value);
        }
        double size = Math.abs(value);
        return size >= 1e-4 && size < 1e7
                ? new BigDecimal(Double.toString(value)).stripTrailingZeros().toPlainString()
                : Double.toString(value).replace(".0E", "e").replace('E', 'e');
    }
}
