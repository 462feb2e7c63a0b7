package io.github.dyt4j.training;

import io.github.dyt4j.formats.Nearest;
import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** The recipes that come with dyt4j, by name: {@code vit-b.yaml} is {@code vit-b}, {@code mini/vit.yaml} is {@code vit-mini}. */
public final class Recipes {
    private static final String ROOT = "/recipes/";

    private Recipes() {}

    /** A built-in recipe: its name, and the comment that heads its file (what it is, command, hardware, the paper's number, status). */
    public record Entry(String name, String path, String header) {}

    public static SequencedMap<String, Entry> all() {
        SequencedMap<String, Entry> entries = new LinkedHashMap<>();
        for (String path : resource("index").lines().filter(l -> !l.isBlank()).toList()) {
            String header = resource(path)
                    .lines()
                    .takeWhile(l -> l.startsWith("#"))
                    .map(l -> l.substring(1).strip())
                    .reduce((a, b) -> a + "\n" + b)
                    .orElse("");
            entries.put(nameOf(path), new Entry(nameOf(path), path, header));
        }
        return entries;
    }

    /** A built-in recipe by its name, or a file: whatever exists, ends in .yaml or .yml, or has a slash. */
    public static Recipe find(String nameOrPath) {
        SequencedMap<String, Entry> known = all();
        Entry entry = known.get(nameOrPath);
        if (entry != null) {
            return Recipe.parse(resource(entry.path()), "recipes/" + entry.path(), entry.name());
        }
        Path file = Path.of(nameOrPath);
        if (nameOrPath.matches(".*(\\.ya?ml|/.*)") || Files.isRegularFile(file)) {
            return Recipe.read(file);
        }
        List<String> names = List.copyOf(known.sequencedKeySet());
        throw new UserError("Unknown recipe '" + nameOrPath + "'; it is a YAML file or one of "
                + String.join(", ", names) + "." + Nearest.hint(nameOrPath, names));
    }

    private static String nameOf(String path) {
        String stem = path.replaceFirst("\\.yaml$", "");
        int slash = stem.indexOf('/');
        return slash < 0 ? stem : stem.substring(slash + 1) + "-" + stem.substring(0, slash);
    }

    private static String resource(String path) {
        try (InputStream in = Recipes.class.getResourceAsStream(ROOT + path)) {
            if (in == null) {
                throw new IllegalStateException("recipes/" + path + " is not on the class path");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
