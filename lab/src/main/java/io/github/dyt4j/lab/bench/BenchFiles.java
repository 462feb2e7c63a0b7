package io.github.dyt4j.lab.bench;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/** A bench as JSON, {@code {environment, rows: [...]}} with {@link BenchRow}'s names, and its rows as CSV. */
public final class BenchFiles {
    private static final JsonMapper JSON = JsonMapper.builder()
            .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .enable(SerializationFeature.INDENT_OUTPUT)
            .build();
    private static final TypeReference<Map<String, Object>> OBJECT = new TypeReference<>() {};

    private BenchFiles() {}

    public static String json(BenchResult result) {
        return JSON.writeValueAsString(result) + "\n";
    }

    /** A header of the components' names and a line a row; null is empty. */
    public static String csv(BenchResult result) {
        List<String> names = Arrays.stream(BenchRow.class.getRecordComponents())
                .map(RecordComponent::getName)
                .toList();
        StringBuilder text = new StringBuilder(String.join(",", names)).append('\n');
        for (BenchRow row : result.rows()) {
            Map<String, Object> values = JSON.convertValue(row, OBJECT);
            text.append(names.stream().map(n -> cell(values.get(n))).collect(Collectors.joining(",")))
                    .append('\n');
        }
        return text.toString();
    }

    private static String cell(@Nullable Object value) {
        String text = value == null ? "" : value.toString();
        return text.matches("[^,\"\n]*") ? text : '"' + text.replace("\"", "\"\"") + '"';
    }

    /** @throws UserError where the file cannot be read or holds no bench */
    public static BenchResult read(Path file) {
        try {
            BenchResult result = JSON.readValue(Files.readString(file), BenchResult.class);
            if (result == null) {
                throw new UserError("--with " + file + " holds no bench: it is empty.");
            }
            return result;
        } catch (IOException e) {
            throw new UserError("--with " + file + " cannot be read. Give a file that bench wrote with --json.", e);
        } catch (JacksonException e) {
            throw new UserError(
                    "--with " + file + " is not a bench's JSON, {\"environment\": {...}, \"rows\": [...]}: "
                            + e.getOriginalMessage().lines().findFirst().orElse("")
                            + "\nGive a file that bench wrote with --json.",
                    e);
        }
    }

    /** The result with the rows of others behind its own, and their environments under {@code with}, by file. */
    public static BenchResult joined(BenchResult own, Map<Path, BenchResult> others) {
        if (others.isEmpty()) {
            return own;
        }
        List<BenchRow> rows = new ArrayList<>(own.rows());
        Map<String, Object> with = new LinkedHashMap<>();
        others.forEach((file, other) -> {
            rows.addAll(other.rows());
            with.put(file.toString(), other.environment());
        });
        Map<String, Object> environment = new LinkedHashMap<>(own.environment());
        environment.put("with", with);
        return new BenchResult(environment, rows);
    }

    /** @throws UserError where nothing can be written there: asked before anything is measured */
    public static void requireWritable(String option, Path file) {
        Path folder = file.toAbsolutePath().getParent();
        if (Files.isDirectory(file)) {
            throw new UserError(option + " " + file + " is a folder: name a file.");
        }
        if (folder == null || !Files.isDirectory(folder)) {
            throw new UserError(option + " " + file + ": there is no folder " + folder + ". Make it, or name another.");
        }
        boolean there = Files.exists(file);
        try {
            // What a right to write is worth, only a try tells: nobody writes to /proc, root's rights or not.
            Files.newByteChannel(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE)
                    .close();
            if (!there) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UserError(option + " " + file + ": it cannot be written there. Name another file.", e);
        }
    }
}
