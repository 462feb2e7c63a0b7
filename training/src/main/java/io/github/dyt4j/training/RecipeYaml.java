package io.github.dyt4j.training;

import io.github.dyt4j.formats.UserError;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.dataformat.yaml.YAMLFactory;

/** Reads the flat YAML of a recipe: keys with a scalar or a list of scalars, each with the line that it stands on. */
final class RecipeYaml {
    /** A value as it was typed: one text, or the texts of a list. */
    record Typed(List<String> texts, String where) {}

    private static final YAMLFactory YAML = new YAMLFactory();

    private RecipeYaml() {}

    /** @param source the file's name, for messages; null where there is no file and {@code where} is {@code fallback} alone */
    static SequencedMap<String, Typed> read(String yaml, @Nullable String source, String fallback) {
        SequencedMap<String, Typed> values = new LinkedHashMap<>();
        try (JsonParser p = YAML.createParser(ObjectReadContext.empty(), yaml)) {
            JsonToken first = p.nextToken();
            if (first == null) {
                return values;
            }
            if (first != JsonToken.START_OBJECT) {
                throw new UserError(at(p, source, fallback) + ": a recipe is lines of 'key: value'.");
            }
            while (p.nextToken() == JsonToken.PROPERTY_NAME) {
                String where = at(p, source, fallback);
                String key = p.currentName();
                p.nextToken();
                Typed typed = new Typed(value(p, key, where), where);
                Typed before = values.put(key, typed);
                if (before != null) {
                    throw new UserError(where + ": '" + key + "' stands twice; the first is " + before.where() + ".");
                }
            }
            if (p.nextToken() != null) {
                throw new UserError(
                        at(p, source, fallback) + ": a recipe is one YAML document; here a second one begins.");
            }
        } catch (JacksonException e) {
            int line = e.getLocation() == null ? 0 : e.getLocation().getLineNr();
            String where = source == null ? fallback : line > 0 ? source + ":" + line : source;
            String first = e.getOriginalMessage().lines().findFirst().orElse("").strip();
            throw new UserError(where + ": this is not YAML: " + first, e);
        }
        return values;
    }

    private static List<String> value(JsonParser p, String key, String where) {
        JsonToken token = p.currentToken();
        if (token == JsonToken.START_ARRAY) {
            List<String> texts = new ArrayList<>();
            while (p.nextToken() != JsonToken.END_ARRAY) {
                texts.add(scalar(p, key, where));
            }
            return texts;
        }
        return List.of(scalar(p, key, where));
    }

    private static String scalar(JsonParser p, String key, String where) {
        if (p.currentToken() == null || !p.currentToken().isScalarValue()) {
            throw new UserError(
                    where + ": '" + key + "' is a value or a list of values; a recipe has no deeper levels.");
        }
        return p.getString();
    }

    private static String at(JsonParser p, @Nullable String source, String fallback) {
        return source == null
                ? fallback
                : source + ":" + p.currentTokenLocation().getLineNr();
    }
}
