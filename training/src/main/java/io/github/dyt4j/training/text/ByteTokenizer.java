package io.github.dyt4j.training.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;

/**
 * The bytes of UTF-8 as 256 tokens. Byte 0, which no text needs, ends a document; where one holds it all the same it is left out of what is
 * encoded.
 */
public final class ByteTokenizer implements Tokenizer {
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
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        int[] ids = new int[bytes.length];
        int n = 0;
        for (byte b : bytes) {
            if (b != 0) {
                ids[n++] = b & 0xff;
            }
        }
        return n == ids.length ? ids : java.util.Arrays.copyOf(ids, n);
    }

    @Override
    public String decode(int[] ids) {
        byte[] bytes = new byte[ids.length];
        int n = 0;
        for (int id : ids) {
            if (id > 0 && id < 256) {
                bytes[n++] = (byte) id;
            }
        }
        return new String(bytes, 0, n, StandardCharsets.UTF_8);
    }

    @Override
    public int endOfText() {
        return 0;
    }

    @Override
    public OptionalInt beginOfText() {
        return OptionalInt.empty();
    }

    /** A note alone: Hugging Face has no file for bare bytes. */
    @Override
    public void write(Path folder) throws IOException {
        Files.writeString(
                folder.resolve("tokenizer.txt"), "bytes: token i is the byte i of UTF-8, and 0 ends a document\n");
    }
}
