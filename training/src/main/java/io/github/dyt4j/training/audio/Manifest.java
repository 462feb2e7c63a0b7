package io.github.dyt4j.training.audio;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.training.UserCache;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/**
 * What sound a folder holds: a line with the folder, then {@code path TAB samples TAB rate} for each file, as fairseq's manifests (which have no rate) and sorted by path. Made
 * once and kept in {@link UserCache} {@code audio}, under a hash of every file's path, size and time. A file whose header cannot be read has −1 samples and its fault.
 *
 * @param root the folder
 */
record Manifest(Path root, List<Entry> entries) {
    /** Of what the cache holds; another one makes it anew. */
    private static final String VERSION = "1\n";

    /**
     * A file.
     *
     * @param path from the root, with / between folders
     * @param samples of each channel; −1 where it cannot be read
     * @param fault a clause that goes after the file's name; empty where it can be read
     */
    record Entry(String path, long samples, int rate, String fault) {
        boolean bad() {
            return samples < 0;
        }
    }

    static Manifest of(Path root) {
        return of(root, UserCache.folder("audio"));
    }

    static Manifest of(Path root, Path cache) {
        try {
            List<Path> files = files(root);
            Path kept = cache.resolve(fingerprint(root, files) + ".tsv");
            if (Files.exists(kept)) {
                return read(root, kept);
            }
            Manifest made = new Manifest(
                    root, files.parallelStream().map(f -> entry(root, f)).toList());
            write(made, kept);
            return made;
        } catch (IOException | UncheckedIOException e) {
            throw new UserError("Cannot list the sound in " + root + " (" + e.getMessage() + ").", e);
        }
    }

    private static List<Path> files(Path root) throws IOException {
        try (Stream<Path> walk = Files.walk(root, FileVisitOption.FOLLOW_LINKS)) {
            return walk.filter(AudioDecoder::named)
                    .filter(f -> !f.getFileName().toString().startsWith("."))
                    .filter(Files::isRegularFile)
                    .sorted()
                    .toList();
        }
    }

    private static Entry entry(Path root, Path file) {
        String path = path(root, file);
        try {
            Length length = AudioDecoder.length(file);
            return new Entry(path, length.samples(), length.rate(), "");
        } catch (IOException e) {
            return new Entry(path, -1, 0, AudioDecoder.clause(e).replaceAll("\\s+", " "));
        }
    }

    /** The path from the root, the same on every system. */
    private static String path(Path root, Path file) {
        return root.relativize(file).toString().replace('\\', '/');
    }

    private static String fingerprint(Path root, List<Path> files) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            digest.update((VERSION + root.toAbsolutePath().normalize() + "\n").getBytes(StandardCharsets.UTF_8));
            for (Path f : files) {
                String stamp = path(root, f) + "\t" + Files.size(f) + "\t"
                        + Files.getLastModifiedTime(f).toMillis() + "\n";
                digest.update(stamp.getBytes(StandardCharsets.UTF_8));
            }
            return HexFormat.of().formatHex(digest.digest(), 0, 10);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static Manifest read(Path root, Path kept) throws IOException {
        List<Entry> entries = new ArrayList<>();
        List<String> lines = Files.readAllLines(kept);
        for (String line : lines.subList(1, lines.size())) {
            String[] fields = line.split("\t", -1);
            entries.add(new Entry(
                    fields[0],
                    Long.parseLong(fields[1]),
                    Integer.parseInt(fields[2]),
                    fields.length > 3 ? fields[3] : ""));
        }
        return new Manifest(root, List.copyOf(entries));
    }

    /** Whole or not at all, whoever else makes the same. */
    private static void write(Manifest made, Path kept) throws IOException {
        StringBuilder text = new StringBuilder(made.root.toAbsolutePath() + "\n");
        for (Entry e : made.entries) {
            text.append(e.path).append('\t').append(e.samples).append('\t').append(e.rate);
            text.append(e.bad() ? "\t" + e.fault : "").append('\n');
        }
        Path folder = Files.createDirectories(kept.toAbsolutePath().getParent());
        Path partial = Files.createTempFile(folder, ".partial-", ".tsv");
        Files.writeString(partial, text);
        try {
            Files.move(partial, kept, StandardCopyOption.ATOMIC_MOVE);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(partial, kept, StandardCopyOption.REPLACE_EXISTING);
        }
    }
}
