package io.github.dyt4j.training.text;

/** Text on disk, tokenised once into shards that are mapped into memory. */
public final class Corpus {
    private Corpus() {}

    /**
     * Opens a corpus, and tokenises it first where that was not done before.
     *
     * @param data {@code jdk} for java.base in the running JDK's {@code lib/src.zip}; or a folder, a text file, JSON lines or Parquet with
     *     a {@code text} field, or a zip of such files
     * @param tokenizer {@code bytes}; {@code bpe-N}: a byte-level BPE of N tokens trained on this corpus; or the path of a tokenizer.json
     * @param heldOut share of the documents that is held out, in (0, 1)
     */
    @SuppressWarnings("DoNotCallSuggester") // until it is written
    public static TokenData open(String data, String tokenizer, double heldOut) {
        throw new UnsupportedOperationException("not written yet: " + data + " " + tokenizer + " " + heldOut);
    }
}
