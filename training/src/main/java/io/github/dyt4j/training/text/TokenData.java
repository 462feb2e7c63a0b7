package io.github.dyt4j.training.text;

/** A corpus as tokens, split by document: what is trained on and what is held out. */
public interface TokenData extends AutoCloseable {
    Tokenizer tokenizer();

    TokenStream training();

    TokenStream heldOut();

    /** How many bytes of UTF-8 the held-out documents are, for losses a byte; ends of text are not counted. */
    long heldOutBytes();

    /** One line for people: what it is, documents, tokens, and where the held-out part comes from. */
    String describe();

    @Override
    void close();
}
