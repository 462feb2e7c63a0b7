package io.github.dyt4j.training.text;

import java.io.IOException;
import java.nio.file.Path;
import java.util.OptionalInt;

/** Text to token ids and back. Safe for use by several threads. */
public interface Tokenizer extends AutoCloseable {
    /** As a recipe names it: {@code bytes}. */
    String name();

    /** Ids are below this. */
    int vocabSize();

    /** The ids of a text, without any that begin or end a sequence. */
    int[] encode(String text);

    /** The text of the ids; those that mark a begin or an end are left out, and bytes that are no UTF-8 become U+FFFD. */
    String decode(int[] ids);

    /** Stands after every document of a corpus, and ends what is generated. */
    int endOfText();

    /** What the model expects before a prompt, where its tokenizer says so. */
    OptionalInt beginOfText();

    /** The tokenizer's files as a Hugging Face folder holds them. */
    void write(Path folder) throws IOException;

    @Override
    default void close() {}
}
