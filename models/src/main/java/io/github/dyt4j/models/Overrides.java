package io.github.dyt4j.models;

import io.github.dyt4j.formats.Nearest;
import io.github.dyt4j.formats.UserError;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** A model's keyword arguments as typed in a recipe: read one by one, then whatever was not asked for is refused. */
public final class Overrides {
    private final String model;
    private final Map<String, ?> given;
    private final Set<String> known = new LinkedHashSet<>();

    public Overrides(String model, Map<String, ?> given) {
        this.model = model;
        this.given = given;
    }

    /** A whole number of at least 1. */
    int positive(String key, int standard) {
        Object value = read(key);
        if (value == null) {
            return standard;
        }
        if (value instanceof Number n && n.doubleValue() == n.intValue() && n.intValue() >= 1) {
            return n.intValue();
        }
        throw wrong(key, value, "a whole number of at least 1, as " + standard);
    }

    /** Whole numbers of at least 1, as many as the standard ones. */
    List<Integer> positives(String key, List<Integer> standard) {
        return positives(key, standard, standard.size(), standard.size() + " whole numbers");
    }

    /** The same, as many as are given. */
    List<Integer> somePositives(String key, List<Integer> standard) {
        return positives(key, standard, 0, "whole numbers");
    }

    /** @param count 0 for any but none */
    private List<Integer> positives(String key, List<Integer> standard, int count, String wanted) {
        Object value = read(key);
        if (value == null) {
            return standard;
        }
        if (value instanceof List<?> list
                && (count == 0 ? !list.isEmpty() : list.size() == count)
                && list.stream()
                        .allMatch(v -> v instanceof Number n && n.doubleValue() == n.intValue() && n.intValue() >= 1)) {
            return list.stream().map(v -> ((Number) v).intValue()).toList();
        }
        throw wrong(key, value, wanted + " of at least 1, as " + standard);
    }

    double number(String key, double standard) {
        Object value = read(key);
        if (value == null) {
            return standard;
        }
        if (value instanceof Number n && Double.isFinite(n.doubleValue())) {
            return n.doubleValue();
        }
        throw wrong(key, value, "a number, as " + standard);
    }

    /** A number that decides itself where nobody sets it: null. */
    @Nullable
    Double optionalNumber(String key, @Nullable Double standard) {
        return read(key) == null ? standard : Double.valueOf(number(key, 0));
    }

    boolean flag(String key, boolean standard) {
        Object value = read(key);
        if (value == null) {
            return standard;
        }
        return switch (value.toString()) {
            case "true" -> true;
            case "false" -> false;
            default -> throw wrong(key, value, "true or false");
        };
    }

    /** One of the type's constants, or none. */
    <E extends Enum<E>> @Nullable E optionalChoice(String key, @Nullable E standard, Class<E> type) {
        return read(key) == null ? standard : choice(key, type.getEnumConstants()[0], type);
    }

    /** A flag that decides itself where nobody sets it: null. */
    @Nullable
    Boolean optionalFlag(String key, @Nullable Boolean standard) {
        return read(key) == null ? standard : Boolean.valueOf(flag(key, false));
    }

    <E extends Enum<E>> E choice(String key, E standard, Class<E> type) {
        Object value = read(key);
        if (value == null) {
            return standard;
        }
        for (E choice : type.getEnumConstants()) {
            if (value.equals(name(choice))) {
                return choice;
            }
        }
        throw wrong(
                key,
                value,
                "one of "
                        + Stream.of(type.getEnumConstants())
                                .map(Overrides::name)
                                .collect(Collectors.joining(", ")));
    }

    /** Every given key must have been read by now. */
    void refuseOthers() {
        for (String key : given.keySet()) {
            if (!known.contains(key)) {
                throw new UserError("Model " + model + " has no '" + key + "'." + Nearest.hint(key, known)
                        + "\nIt has: " + String.join(", ", known) + ".");
            }
        }
    }

    private @Nullable Object read(String key) {
        known.add(key);
        return given.get(key);
    }

    private UserError wrong(String key, Object value, String wanted) {
        return new UserError("Model " + model + ": " + key + " is '" + value + "'; it must be " + wanted + ".");
    }

    private static String name(Enum<?> choice) {
        return choice.name().toLowerCase(Locale.ROOT);
    }
}
