package io.github.dyt4j.training.text;

import io.github.dyt4j.formats.TokenShards;
import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Comparator;
import java.util.HexFormat;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Text on disk, tokenised once into shards that are mapped into memory. They are kept in {@code $DYT4J_CACHE/tokens}, else
 * {@code $XDG_CACHE_HOME/dyt4j/tokens}, else {@code ~/.cache/dyt4j/tokens}, under a hash of the files' paths, sizes and times, the
 * tokenizer and the share that is held out.
 */
public final class Corpus implements TokenData {
    /** Of what a folder in the cache holds; another one makes the folder anew. */
    private static final String VERSION = "2 ";

    private static final String PASSED_OVER = "passed-over";

    private final Tokenizer tokenizer;
    private final TokenShards training;
    private final TokenShards heldOut;
    private final String description;

    private Corpus(Tokenizer tokenizer, TokenShards training, TokenShards heldOut, String description) {
        this.tokenizer = tokenizer;
        this.training = training;
        this.heldOut = heldOut;
        this.description = description;
    }

    /**
     * Opens a corpus, and tokenises it first where that was not done before.
     *
     * <p>A document is held out by a hash of its name (a row's: of file and number), so that adding documents moves no other. One text file
     * alone is cut at the line break next to its last {@code heldOut} share.
     *
     * @param data {@code jdk} for java.base in the running JDK's {@code lib/src.zip}; or a folder, a text file, JSON lines or Parquet with
     *     a {@code text} field, or a zip of such files
     * @param tokenizer {@code bytes}
     * @param heldOut share of the documents that is held out, in (0, 1)
     */
    public static TokenData open(String data, String tokenizer, double heldOut) {
        return open(data, tokenizer, heldOut, cache(), TokenShards.SHARD);
    }

    static Corpus open(String data, String tokenizer, double heldOut, Path cache, long shard) {
        Documents documents = Documents.of(data);
        try {
            Path folder = cache.resolve(hash(VERSION + documents.fingerprint() + tokenizer + heldOut + " " + shard));
            Tokenizer words = tokenizer(tokenizer);
            if (!Files.exists(folder)) {
                tokenise(documents, words, heldOut, folder, shard);
            }
            return mapped(data, words, heldOut, folder, documents.single());
        } catch (FileSystemException e) {
            throw new UserError(
                    "Cannot read or write " + e.getFile() + " (" + e.getClass().getSimpleName() + ") while tokenising "
                            + data + ".",
                    e);
        } catch (IOException e) {
            throw new UncheckedIOException("tokenising " + data, e);
        }
    }

    private static Tokenizer tokenizer(String name) {
        if (name.equals("bytes")) {
            return new ByteTokenizer();
        }
        throw new UserError("tokenizer '" + name + "' is not known: the one there is today is bytes.");
    }

    private static void tokenise(Documents documents, Tokenizer words, double heldOut, Path folder, long shard)
            throws IOException {
        Path parent = Files.createDirectories(folder.toAbsolutePath().getParent());
        Path partial = Files.createTempDirectory(parent, ".partial-");
        try {
            try (var training = new TokenShards.Writer(partial.resolve("training"), words.vocabSize(), shard);
                    var judged = new TokenShards.Writer(partial.resolve("held-out"), words.vocabSize(), shard)) {
                documents.read((name, text) -> {
                    if (documents.single()) {
                        int cut = text.lastIndexOf('\n', (int) (text.length() * (1 - heldOut))) + 1;
                        add(training, words, text.substring(0, cut));
                        add(judged, words, text.substring(cut));
                    } else {
                        add(isHeldOut(name, heldOut) ? judged : training, words, text);
                    }
                });
            }
            Files.writeString(partial.resolve(PASSED_OVER), Integer.toString(documents.passedOver()));
            Files.move(partial, folder, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            if (!Files.exists(folder.resolve("held-out"))) {
                throw e; // else another process was faster with the same
            }
        } finally {
            delete(partial);
        }
    }

    private static void add(TokenShards.Writer to, Tokenizer words, String text) throws IOException {
        if (!text.isEmpty()) {
            to.document(words.encode(text), words.endOfText(), text.getBytes(StandardCharsets.UTF_8).length);
        }
    }

    private static boolean isHeldOut(String name, double share) {
        return Long.parseLong(hash(name).substring(0, 8), 16) < share * 0x1p32;
    }

    private static Corpus mapped(String data, Tokenizer words, double share, Path folder, boolean single)
            throws IOException {
        String passedOver = Files.readString(folder.resolve(PASSED_OVER));
        TokenShards training = TokenShards.open(folder.resolve("training"));
        TokenShards judged = TokenShards.open(folder.resolve("held-out"));
        long documents = training.documents() + judged.documents();
        if (training.documents() == 0 || judged.documents() == 0) {
            training.close();
            judged.close();
            throw new UserError(
                    documents == 0
                            ? data + " holds no text: no file there is UTF-8 with anything in it."
                            : data + " has " + documents + " document" + (documents == 1 ? "" : "s") + ", of which "
                                    + judged.documents() + " are held out by a share of " + share
                                    + ": both sides need one at least.\nTake more documents or another held_out.");
        }
        String description = String.format(
                Locale.ROOT,
                "%s: %,d tokens (%s) to train on; %,d held out, %s%s",
                data.equals("jdk") ? "java.base of JDK " + System.getProperty("java.version") : data,
                training.tokens(),
                words.name(),
                judged.tokens(),
                single
                        ? "the file's end"
                        : String.format(
                                Locale.ROOT,
                                "%,d of %,d documents by a hash of their names",
                                judged.documents(),
                                documents),
                passedOver.equals("0") ? "" : "; passed over what is no UTF-8 text: " + passedOver + " files");
        return new Corpus(words, training, judged, description);
    }

    private static Path cache() {
        String own = System.getenv("DYT4J_CACHE");
        String xdg = System.getenv("XDG_CACHE_HOME");
        Path base = own != null && !own.isBlank()
                ? Path.of(own)
                : xdg != null && !xdg.isBlank()
                        ? Path.of(xdg, "dyt4j")
                        : Path.of(System.getProperty("user.home"), ".cache", "dyt4j");
        return base.resolve("tokens");
    }

    private static String hash(String text) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 10);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> inside = Files.walk(folder)) {
                for (Path p : inside.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(p);
                }
            }
        }
    }

    @Override
    public Tokenizer tokenizer() {
        return tokenizer;
    }

    @Override
    public TokenStream training() {
        return stream(training);
    }

    @Override
    public TokenStream heldOut() {
        return stream(heldOut);
    }

    private static TokenStream stream(TokenShards shards) {
        return new TokenStream() {
            @Override
            public long size() {
                return shards.tokens();
            }

            @Override
            public void read(long from, int count, long[] out, int offset) {
                shards.read(from, count, out, offset);
            }
        };
    }

    @Override
    public long heldOutBytes() {
        return heldOut.bytes();
    }

    @Override
    public String describe() {
        return description;
    }

    @Override
    public void close() {
        training.close();
        heldOut.close();
        tokenizer.close();
    }
}
