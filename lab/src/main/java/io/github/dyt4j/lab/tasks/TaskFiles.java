package io.github.dyt4j.lab.tasks;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Where a task's documents lie in a folder of data sets. The first of these that is there counts:
 *
 * <pre>
 *   DIR/TASK.jsonl, .ndjson or .parquet                   the documents themselves
 *   DIR/TASK/*SPLIT*.jsonl, .ndjson or .parquet           files of one split, in the order of their names
 *   the same two with the set in the task's place         truthfulqa for truthfulqa_mc1 and _mc2; anli/ for anli_r1 … anli_r3, which
 *                                                         are splits of one set, so a single file anli.jsonl is none of them
 * </pre>
 *
 * SPLIT is {@code test}, {@code validation} (or {@code val}, {@code dev}) or {@code test_r1} … {@code test_r3}, with no letter or digit
 * beside it, so the hub's {@code validation-00000-of-00001.parquet} is found as it is. Files of several formats are not mixed: JSON lines
 * go first.
 */
final class TaskFiles {
    private static final List<String> ENDINGS = List.of(".jsonl", ".ndjson", ".parquet");

    private TaskFiles() {}

    /**
     * At least one file.
     *
     * @throws UserError where there is none: what was looked for, and which public set it is
     */
    static List<Path> find(Path folder, ZeroShotTask task) {
        if (!Files.isDirectory(folder)) {
            throw new UserError(folder + ": there is no such folder; the data sets of the tasks are read from it.");
        }
        Set<String> names = new LinkedHashSet<>(List.of(task.name(), task.set()));
        for (String name : names) {
            for (String ending : single(name, task) ? ENDINGS : List.<String>of()) {
                Path file = folder.resolve(name + ending);
                if (Files.isRegularFile(file)) {
                    return List.of(file);
                }
            }
            List<Path> files = ofSplit(folder.resolve(name), task.split());
            if (!files.isEmpty()) {
                return files;
            }
        }
        List<String> looked = new ArrayList<>();
        for (String name : names) {
            if (single(name, task)) {
                looked.add(name + ".jsonl or .parquet");
            }
            looked.add(name + "/*" + task.split() + "*.jsonl or .parquet");
        }
        throw new UserError(folder + ": no file of " + task.name() + ". Looked for " + String.join("; ", looked)
                + ".\nIts documents are those of " + task.hub() + " on the Hugging Face hub, split " + task.split()
                + ".");
    }

    /** Whether one file of this name can only hold the task's own split. */
    private static boolean single(String name, ZeroShotTask task) {
        return name.equals(task.name())
                || ZeroShotTask.ALL.stream()
                        .filter(t -> t.set().equals(name))
                        .allMatch(t -> t.split().equals(task.split()));
    }

    private static List<Path> ofSplit(Path folder, String split) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        String words = split.equals("validation") ? "validation|val|dev" : split;
        Pattern name = Pattern.compile("(?:^|.*[^a-zA-Z0-9])(?:" + words + ")(?:[^a-zA-Z0-9].*)");
        try (Stream<Path> entries = Files.list(folder)) {
            List<Path> files = entries.filter(Files::isRegularFile)
                    .filter(f -> name.matcher(f.getFileName().toString()).matches())
                    .sorted()
                    .toList();
            return ENDINGS.stream()
                    .map(e ->
                            files.stream().filter(f -> f.toString().endsWith(e)).toList())
                    .filter(found -> !found.isEmpty())
                    .findFirst()
                    .orElse(List.of());
        } catch (IOException e) {
            throw new UncheckedIOException("reading " + folder, e);
        }
    }
}
