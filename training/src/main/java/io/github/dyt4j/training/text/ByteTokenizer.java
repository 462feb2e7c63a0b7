package io.github.dyt4j.training.text;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
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

    /**
     * As Hugging Face reads it: byte-level BPE without merges, whose 256 tokens are the letters that stand for bytes there. No token is
     * special, since one that were would be found in texts by its letter; that 0 ends a text is said by {@code eos_token_id} of the model.
     */
    @Override
    public void write(Path folder) throws IOException {
        char[] letters = ByteLevel.letters();
        Map<String, Integer> vocab = new LinkedHashMap<>();
        for (int b = 0; b < letters.length; b++) {
            vocab.put(String.valueOf(letters[b]), b);
        }
        ByteLevel.write(folder, vocab, List.of(), null);
    }
}
