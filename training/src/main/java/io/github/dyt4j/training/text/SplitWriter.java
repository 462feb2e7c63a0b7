package io.github.dyt4j.training.text;

import io.github.dyt4j.formats.TokenShards;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The shards of a corpus, training and held-out: documents are tokenised on all cores and written in the order in which they came. */
final class SplitWriter implements AutoCloseable {
    static final String TRAINING = "training";
    static final String HELD_OUT = "held-out";

    /** Characters that wait to be tokenised together: work for all cores, and little memory. */
    private static final long WAITING = 4 << 20;

    private record Document(boolean heldOut, String text) {}

    private final Tokenizer tokenizer;
    private final TokenShards.Writer training;
    private final TokenShards.Writer heldOut;
    private final List<Document> waiting = new ArrayList<>();
    private long characters;

    SplitWriter(Tokenizer tokenizer, Path folder, long shard) throws IOException {
        this.tokenizer = tokenizer;
        this.training = new TokenShards.Writer(folder.resolve(TRAINING), tokenizer.vocabSize(), shard);
        this.heldOut = new TokenShards.Writer(folder.resolve(HELD_OUT), tokenizer.vocabSize(), shard);
    }

    void add(boolean held, String text) throws IOException {
        waiting.add(new Document(held, text));
        characters += text.length();
        if (characters >= WAITING) {
            flush();
        }
    }

    /** To be called after the last document. */
    void flush() throws IOException {
        List<int[]> ids = waiting.parallelStream()
                .map(document -> tokenizer.encode(document.text))
                .toList();
        for (int i = 0; i < ids.size(); i++) {
            Document document = waiting.get(i);
            long bytes = document.text.getBytes(StandardCharsets.UTF_8).length;
            (document.heldOut ? heldOut : training).document(ids.get(i), tokenizer.endOfText(), bytes);
        }
        waiting.clear();
        characters = 0;
    }

    @Override
    public void close() throws IOException {
        try (training) {
            heldOut.close();
        }
    }
}
