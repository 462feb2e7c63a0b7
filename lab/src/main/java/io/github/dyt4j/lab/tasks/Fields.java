package io.github.dyt4j.lab.tasks;

import io.github.dyt4j.formats.Nearest;
import io.github.dyt4j.formats.UserError;
import java.util.ArrayList;
import java.util.List;
import tools.jackson.databind.JsonNode;

/**
 * The fields of a document. What is missing or of another kind is a {@link UserError} that names file, line and field.
 *
 * @param where as {@code validation.jsonl:17}, for messages
 */
public record Fields(JsonNode row, String where, String path) {
    public static Fields of(JsonNode row, String where) {
        return new Fields(row, where, "");
    }

    public boolean has(String name) {
        return row.hasNonNull(name);
    }

    public String text(String name) {
        JsonNode value = value(name);
        if (!value.isString()) {
            throw wrong(name, "a string");
        }
        return value.stringValue();
    }

    /** A list of at least one string. */
    public List<String> texts(String name) {
        List<String> texts = new ArrayList<>();
        for (JsonNode item : list(name)) {
            if (!item.isString()) {
                throw wrong(name, "a list of strings");
            }
            texts.add(item.stringValue());
        }
        return texts;
    }

    public int integer(String name) {
        JsonNode value = value(name);
        if (!value.canConvertToInt() || !value.isIntegralNumber()) {
            throw wrong(name, "a whole number");
        }
        return value.intValue();
    }

    /** One entry 0 or 1 for each choice. */
    public List<Boolean> flags(String name, int count) {
        List<Boolean> flags = new ArrayList<>();
        for (JsonNode item : list(name)) {
            if (!item.isIntegralNumber() || item.longValue() < 0 || item.longValue() > 1) {
                throw wrong(name, "a list of 0 and 1");
            }
            flags.add(item.longValue() == 1);
        }
        if (flags.size() != count) {
            throw wrong(name, "as long as the list of choices, " + count);
        }
        return flags;
    }

    public Fields object(String name) {
        JsonNode value = value(name);
        if (!value.isObject()) {
            throw wrong(name, "an object");
        }
        return new Fields(value, where, path + name + ".");
    }

    /**
     * The index of the right answer among {@code count}: a number or the same in quotes.
     *
     * @param classes the data set's names of the answers, taken too in any case; none where it has none
     */
    public int label(String name, int count, String... classes) {
        String label = answer(name);
        for (int i = 0; i < count; i++) {
            if (label.equals(Integer.toString(i)) || (i < classes.length && label.equalsIgnoreCase(classes[i]))) {
                return i;
            }
        }
        throw wrong(name, "one of 0 to " + (count - 1) + ". -1 or nothing marks a split whose answers are kept secret");
    }

    /** A string, number or truth value as it is written, without white space around it. */
    public String answer(String name) {
        JsonNode value = value(name);
        if (!value.isString() && !value.isIntegralNumber() && !value.isBoolean()) {
            throw wrong(name, "a number or a string");
        }
        return PythonText.strip(value.asString());
    }

    /** "FILE:LINE: the field 'NAME' is VALUE; it must be WHAT." */
    public UserError wrong(String name, String what) {
        String value = String.valueOf(row.get(name));
        String shown = value.length() <= 60 ? value : value.substring(0, 60) + "…";
        return new UserError(where + ": the field '" + path + name + "' is " + shown + "; it must be " + what + ".");
    }

    private JsonNode list(String name) {
        JsonNode value = value(name);
        if (!value.isArray() || value.isEmpty()) {
            throw wrong(name, "a list with at least one entry");
        }
        return value;
    }

    private JsonNode value(String name) {
        JsonNode value = row.get(name);
        if (value == null || value.isNull()) {
            throw new UserError(where + ": the field '" + path + name + "' is missing; there are "
                    + String.join(", ", row.propertyNames()) + "." + Nearest.hint(name, row.propertyNames()));
        }
        return value;
    }
}
