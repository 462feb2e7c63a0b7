package io.github.dyt4j.training.text;

import io.github.dyt4j.formats.TokenShards;
import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.training.UserCache;
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
 * tokenizer (a file's content) and the share that is held out. A {@code bpe-N} is trained on the training documents alone and kept there too.
 */
public final class Corpus implements TokenData {
    /** Of what a folder in the cache holds; another one makes the folder anew. */
    private static final String VERSION = "3 ";

    private static final String PASSED_OVER = "passed-over";
    private static final String TOKENIZER = "tokenizer";

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
     * @param tokenizer as {@link TokenizerChoice} reads it
     * @param heldOut share of the documents that is held out, in (0, 1)
     */
    public static TokenData open(String data, String tokenizer, double heldOut) {
        return open(data, tokenizer, heldOut, UserCache.folder("tokens"), TokenShards.SHARD);
    }

    static Corpus open(String data, String tokenizer, double heldOut, Path cache, long shard) {
        Documents documents = Documents.of(data);
        TokenizerChoice choice = TokenizerChoice.of(tokenizer);
        try {
            Path folder = cache.resolve(
                    hash(VERSION + documents.fingerprint() + choice.fingerprint() + " " + heldOut + " " + shard));
            if (!Files.exists(folder)) {
                tokenise(documents, choice, heldOut, folder, shard);
            }
            Tokenizer words = choice.open(folder.resolve(TOKENIZER));
            try {
                return mapped(data, choice, words, heldOut, folder, documents.single());
            } catch (IOException | RuntimeException | Error e) {
                words.close();
                throw e;
            }
        } catch (FileSystemException e) {
            throw new UserError(
                    "Cannot read or write " + e.getFile() + " (" + e.getClass().getSimpleName() + ") while tokenising "
                            + data + ".",
                    e);
        } catch (IOException e) {
            throw new UncheckedIOException("tokenising " + data, e);
        }
    }

    private static void tokenise(Documents documents, TokenizerChoice choice, double heldOut, Path folder, long shard)
            throws IOException {
        Path parent = Files.createDirectories(folder.toAbsolutePath().getParent());
        Path partial = Files.createTempDirectory(parent, ".partial-");
        try {
            if (choice instanceof TokenizerChoice.Bpe(int vocabSize)) {
                BpeTrainer trainer = new BpeTrainer();
                split(documents, heldOut, (judged, text) -> {
                    if (!judged) {
                        trainer.add(text);
                    }
                });
                trainer.train(vocabSize, partial.resolve(TOKENIZER));
            }
            try (Tokenizer words = choice.open(partial.resolve(TOKENIZER));
                    SplitWriter shards = new SplitWriter(words, partial, shard)) {
                split(documents, heldOut, shards::add);
                shards.flush();
            }
            Files.writeString(partial.resolve(PASSED_OVER), Integer.toString(documents.passedOver()));
            Files.move(partial, folder, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            if (!Files.exists(folder.resolve(SplitWriter.HELD_OUT))) {
                throw e; // else another process was faster with the same
            }
        } finally {
            delete(partial);
        }
    }

    private interface Side {
        void text(boolean heldOut, String text) throws IOException;
    }

    /** Gives each document, or each part of a single text file, with the side that it is on. */
    private static void split(Documents documents, double heldOut, Side side) throws IOException {
        documents.read((name, text) -> {
            int cut = documents.single()
                    ? text.lastIndexOf('\n', (int) (text.length() * (1 - heldOut))) + 1
                    : isHeldOut(name, heldOut) ? 0 : text.length();
            if (cut > 0) {
                side.text(false, text.substring(0, cut));
            }
            if (cut < text.length()) {
                side.text(true, text.substring(cut));
            }
        });
    }

    static boolean isHeldOut(String name, double share) {
        return Long.parseLong(hash(name).substring(0, 8), 16) < share * 0x1p32;
    }

    private static Corpus mapped(
            String data, TokenizerChoice choice, Tokenizer words, double share, Path folder, boolean single)
            throws IOException {
        String passedOver = Files.readString(folder.resolve(PASSED_OVER));
        TokenShards training = TokenShards.open(folder.resolve(SplitWriter.TRAINING));
        TokenShards judged = TokenShards.open(folder.resolve(SplitWriter.HELD_OUT));
        long documents = training.documents() + judged.documents();
        if (training.documents() == 0 || judged.documents() == 0) {
            training.close();
            judged.close();
            throw new UserError(
                    documents == 0
                            ? data + " holds no text: no file there is UTF-8 with anything in it."
                            : single
                                    ? data + " has no line break in its first " + (1 - share)
                                            + ", the share to train on, and is cut at one.\n"
                                            + "Take a text of several lines or another held_out."
                                    : data + " has " + documents + " document" + (documents == 1 ? "" : "s")
                                            + ", of which " + judged.documents() + " are held out by a share of "
                                            + share + ": both sides need one at least.\n"
                                            + "Take more documents or another held_out.");
        }
        String description = String.format(
                Locale.ROOT,
                "%s: %,d tokens (%s) to train on; %,d held out, %s%s",
                data.equals("jdk") ? "java.base of JDK " + System.getProperty("java.version") : data,
                training.tokens(),
                words.name() + fewer(choice, words.vocabSize()),
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

    private static String fewer(TokenizerChoice choice, int size) {
        return choice instanceof TokenizerChoice.Bpe(int asked) && size < asked
                ? String.format(Locale.ROOT, ": the text has pairs for %,d tokens alone", size)
                : "";
    }

    private static String hash(String text) {
        return hash(text.getBytes(StandardCharsets.UTF_8));
    }

    static String hash(byte[] content) {
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
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
