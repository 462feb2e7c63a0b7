package io.github.dyt4j.training.text;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/** The documents of a corpus, read one by one: a text file, an entry of a zip, or a row of JSON lines or Parquet each. */
final class Documents {
    /** Is given each document, in an order that depends on the data alone. */
    interface Reader {
        void document(String name, String text) throws IOException;
    }

    private final Path source;
    private final String inside;
    private int passedOver;

    private Documents(Path source, String inside) {
        this.source = source;
        this.inside = inside;
    }

    /** @param data {@code jdk}, a folder, a text file, JSON lines, Parquet or a zip */
    static Documents of(String data) {
        if (data.equals("jdk")) {
            Path zip = Path.of(System.getProperty("java.home"), "lib", "src.zip");
            if (!Files.isRegularFile(zip)) {
                throw new UserError("The running JDK has no " + zip + ", which data: jdk reads.\n"
                        + "Run on a JDK that brings its sources, as Temurin's, or give --data a folder of text.");
            }
            return new Documents(zip, "java.base/");
        }
        Path path = Path.of(data);
        if (!Files.exists(path)) {
            throw new UserError(
                    "There is no " + path + ".\n"
                            + "The text to train on is a folder, a text file, a zip, JSON lines or Parquet with a text field, or jdk.");
        }
        return new Documents(path, "");
    }

    /** What decides the content: paths, sizes and times. */
    String fingerprint() throws IOException {
        if (!Files.isDirectory(source)) {
            return stamp(source) + inside;
        }
        StringBuilder all = new StringBuilder();
        for (Path file : files()) {
            all.append(stamp(file)).append('\n');
        }
        return all.toString();
    }

    private static String stamp(Path file) throws IOException {
        return file.toAbsolutePath().normalize() + " " + Files.size(file) + " "
                + Files.getLastModifiedTime(file).toMillis();
    }

    private List<Path> files() throws IOException {
        try (Stream<Path> walk = Files.walk(source)) {
            return walk.filter(Files::isRegularFile)
                    .filter(f -> !f.getFileName().toString().startsWith("."))
                    .sorted()
                    .toList();
        }
    }

    /** Files and entries that the last {@link #read} found to be no UTF-8 text. */
    int passedOver() {
        return passedOver;
    }

    /** A single text file, which is split inside and not by document. */
    boolean single() {
        return Files.isRegularFile(source)
                && !Rows.readable(source)
                && !source.toString().endsWith(".zip");
    }

    /** May be called again, and then gives the same in the same order. */
    void read(Reader reader) throws IOException {
        passedOver = 0;
        if (Files.isDirectory(source)) {
            for (Path file : files()) {
                file(source.relativize(file).toString(), file, reader);
            }
        } else {
            file(source.getFileName().toString(), source, reader);
        }
    }

    private void file(String name, Path file, Reader reader) throws IOException {
        if (Rows.readable(file)) {
            rows(name, file, reader);
        } else if (name.endsWith(".zip")) {
            zip(file, reader);
        } else {
            give(name, Files.readAllBytes(file), reader);
        }
    }

    private static void rows(String name, Path file, Reader reader) throws IOException {
        int path = file.toString().length();
        try {
            Rows.read(file, (row, where) -> {
                JsonNode text = row.get("text");
                if (text == null || !text.isString()) {
                    throw new UserError(where + ": the field 'text' is " + (text == null ? "missing" : "not a string")
                            + "; each row of a corpus has one.");
                }
                try {
                    reader.document(name + where.substring(path), text.stringValue());
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
                return true;
            });
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }

    private void zip(Path file, Reader reader) throws IOException {
        try (ZipFile zip = new ZipFile(file.toFile())) {
            Enumeration<? extends ZipEntry> entries = zip.entries();
            while (entries.hasMoreElements()) {
                ZipEntry entry = entries.nextElement();
                boolean wanted = inside.isEmpty()
                        || (entry.getName().startsWith(inside)
                                && entry.getName().endsWith(".java"));
                if (!entry.isDirectory() && wanted) {
                    give(entry.getName(), zip.getInputStream(entry).readAllBytes(), reader);
                }
            }
        } catch (java.util.zip.ZipException e) {
            throw new UserError(file + " is not a sound zip file: " + e.getMessage() + ".", e);
        }
    }

    private void give(String name, byte[] bytes, Reader reader) throws IOException {
        String text = text(bytes);
        if (text == null) {
            passedOver++;
        } else if (!text.isEmpty()) {
            reader.document(name, text);
        }
    }

    private static @Nullable String text(byte[] bytes) {
        try {
            String text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
            return text.indexOf('\0') >= 0 ? null : text;
        } catch (CharacterCodingException e) {
            return null; // not text
        }
    }
}
