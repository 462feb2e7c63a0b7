package io.github.dyt4j.training.text;

import io.github.dyt4j.formats.Nearest;
import io.github.dyt4j.formats.UserError;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a recipe's {@code tokenizer} says: {@code bytes}; {@code bpe-N} for a byte-level BPE of N tokens that the corpus itself trains; or
 * the path of a {@code tokenizer.json} or of a folder that holds one.
 */
public sealed interface TokenizerChoice {
    /** The bytes of UTF-8. */
    record Bytes() implements TokenizerChoice {}

    /** Trained on the training documents of a corpus. */
    record Bpe(int vocabSize) implements TokenizerChoice {}

    /** A {@code tokenizer.json}, which may not be there. */
    record Given(Path file) implements TokenizerChoice {}

    /** Throws a {@link UserError} for what is none of the three. */
    static TokenizerChoice of(String typed) {
        if (typed.equals("bytes")) {
            return new Bytes();
        }
        Matcher bpe = Pattern.compile("bpe-(\\d{1,9})").matcher(typed);
        if (bpe.matches()) {
            int size = Integer.parseInt(bpe.group(1));
            if (size < BpeTrainer.SMALLEST) {
                throw new UserError(
                        "tokenizer " + typed + " is too small: 256 bytes and an end of text are in every vocabulary.\n"
                                + "Ask for bpe-" + BpeTrainer.SMALLEST + " or more.");
            }
            return new Bpe(size);
        }
        try {
            Path path = Path.of(typed);
            if (Files.exists(path) || path.getNameCount() > 1 || path.isAbsolute() || typed.endsWith(".json")) {
                return new Given(Files.isDirectory(path) ? path.resolve("tokenizer.json") : path);
            }
        } catch (InvalidPathException e) {
            // said below
        }
        Matcher almost = Pattern.compile("(?i)bpe\\D*(\\d{3,9})").matcher(typed);
        String near = almost.matches() ? "bpe-" + almost.group(1) : "bpe-8192";
        throw new UserError("tokenizer '" + typed + "' is not known: it is bytes, bpe-N with N tokens of at least "
                + BpeTrainer.SMALLEST + ", or the path of a tokenizer.json."
                + Nearest.hint(typed, List.of("bytes", near)));
    }

    /** Whether it can be opened: false for a file that is missing. */
    default boolean there() {
        return !(this instanceof Given(Path file)) || Files.isRegularFile(file);
    }

    /** What decides the tokens, beside the documents: for a file its content, and that of the files beside it that name the end of a text. */
    default String fingerprint() throws IOException {
        return switch (this) {
            case Bytes _ -> "bytes";
            case Bpe(int size) -> "bpe-" + size;
            case Given(Path file) -> {
                var all = new ByteArrayOutputStream();
                all.writeBytes(Files.readAllBytes(checked(file)));
                for (String name : TokenizerFile.BESIDE) {
                    Path beside = file.resolveSibling(name);
                    all.writeBytes(("\0" + name + "\0").getBytes(StandardCharsets.UTF_8));
                    all.writeBytes(Files.exists(beside) ? Files.readAllBytes(beside) : new byte[0]);
                }
                yield Corpus.hash(all.toByteArray());
            }
        };
    }

    /** @param trained where {@link Bpe} was written to */
    default Tokenizer open(Path trained) {
        return switch (this) {
            case Bytes _ -> new ByteTokenizer();
            case Bpe(int size) -> TokenizerFile.open(trained.resolve("tokenizer.json"), "bpe-" + size);
            case Given(Path file) -> TokenizerFile.open(checked(file));
        };
    }

    private static Path checked(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new UserError("There is no tokenizer " + file + ".\n"
                    + "The tokenizer is bytes, bpe-N, or the path of a tokenizer.json or of a folder that holds one.");
        }
        return file;
    }
}
