package io.github.dyt4j.lab.llm;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.dyt4j.training.text.Tokenizer;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/** Id n is byte n, or as characters U+4E00 + n, so that every id has a text of its own; 256 ends a text and 257 may begin it. */
record TinyTokenizer(boolean bytes, OptionalInt beginOfText) implements Tokenizer {
    static final int VOCAB = 258;

    static TinyTokenizer ofBytes() {
        return new TinyTokenizer(true, OptionalInt.empty());
    }

    static TinyTokenizer ofCharacters() {
        return new TinyTokenizer(false, OptionalInt.empty());
    }

    @Override
    public String name() {
        return "tiny";
    }

    @Override
    public int vocabSize() {
        return VOCAB;
    }

    @Override
    public int[] encode(String text) {
        if (!bytes) {
            return text.chars().map(c -> c - 0x4E00).toArray();
        }
        byte[] encoded = text.getBytes(UTF_8);
        return IntStream.range(0, encoded.length).map(i -> encoded[i] & 255).toArray();
    }

    @Override
    public String decode(int[] ids) {
        int[] shown = IntStream.of(ids).filter(id -> id != 256 && id != 257).toArray();
        if (!bytes) {
            StringBuilder text = new StringBuilder();
            IntStream.of(shown).forEach(id -> text.append((char) (0x4E00 + id)));
            return text.toString();
        }
        byte[] encoded = new byte[shown.length];
        for (int i = 0; i < shown.length; i++) {
            encoded[i] = (byte) shown[i];
        }
        return new String(encoded, UTF_8);
    }

    @Override
    public int endOfText() {
        return 256;
    }

    @Override
    public void write(Path folder) {
        throw new UnsupportedOperationException();
    }
}
