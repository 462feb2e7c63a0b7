package io.github.dyt4j.lab.tasks;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.dyt4j.training.text.Tokenizer;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.OptionalInt;

/** Tokens are the bytes of UTF-8; 0 ends a text. */
record Bytes(OptionalInt beginOfText) implements Tokenizer {
    static final Bytes PLAIN = new Bytes(OptionalInt.empty());

    /** Two digits a token, as the golden file has them. */
    static String hex(int[] tokens) {
        byte[] bytes = new byte[tokens.length];
        for (int i = 0; i < tokens.length; i++) {
            bytes[i] = (byte) tokens[i];
        }
        return HexFormat.of().formatHex(bytes);
    }

    @Override
    public String name() {
        return "bytes";
    }

    @Override
    public int vocabSize() {
        return 256;
    }

    @Override
    public int[] encode(String text) {
        byte[] bytes = text.getBytes(UTF_8);
        int[] tokens = new int[bytes.length];
        for (int i = 0; i < bytes.length; i++) {
            tokens[i] = bytes[i] & 0xff;
        }
        return tokens;
    }

    @Override
    public String decode(int[] ids) {
        throw new UnsupportedOperationException();
    }

    @Override
    public int endOfText() {
        return 0;
    }

    @Override
    public void write(Path folder) {
        throw new UnsupportedOperationException();
    }
}
