package io.github.dyt4j.training.text;

/** The tokens of a corpus's documents one after another, each document followed by the tokenizer's end of text. Safe for several threads. */
public interface TokenStream {
    /** How many tokens there are. */
    long size();

    /** Copies tokens {@code from} to {@code from + count − 1} to {@code out[offset …]}. */
    void read(long from, int count, long[] out, int offset);
}
