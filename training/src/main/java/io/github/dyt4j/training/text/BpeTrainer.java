package io.github.dyt4j.training.text;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.PriorityQueue;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Byte-level byte-pair encoding: the most frequent pair of neighbouring tokens becomes a token, again and again (Sennrich et al., 2016, over
 * bytes as in GPT-2, Radford et al., 2019). Among equally frequent pairs the one of the smaller ids is taken, as Hugging Face's trainer does.
 *
 * <p>Id 0 is {@code <|endoftext|>}, 1 to 256 are the bytes in the order of their stand-in characters, and merges follow.
 */
public final class BpeTrainer {
    static final String END = "<|endoftext|>";

    /** GPT-2's pieces; Java's own {@code \s} knows ASCII alone. */
    private static final Pattern PIECE = Pattern.compile("'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+"
            + "| ?[^\\p{IsWhite_Space}\\p{L}\\p{N}]+|\\p{IsWhite_Space}+(?!\\P{IsWhite_Space})|\\p{IsWhite_Space}+");

    private static final int BYTES = 256;

    /** Tokens that every vocabulary has. */
    static final int SMALLEST = BYTES + 1;

    private final Map<String, Long> pieces = new LinkedHashMap<>();
    private final Map<String, Integer> ids = new LinkedHashMap<>();
    private final List<String> tokens = new ArrayList<>();
    private final List<List<String>> merges = new ArrayList<>();
    private final List<Word> words = new ArrayList<>();
    private final Map<Long, Long> counts = new HashMap<>();
    private final PriorityQueue<Candidate> queue = new PriorityQueue<>();

    /** A distinct piece of text: the tokens it is made of so far, and how often it occurs. */
    private static final class Word {
        private int[] symbols;
        private final long count;

        Word(int[] symbols, long count) {
            this.symbols = symbols;
            this.count = count;
        }
    }

    /** A pair with its count when it was queued, which may have fallen since, and the words that may hold it. */
    private record Candidate(long pair, long count, Places places) implements Comparable<Candidate> {
        @Override
        public int compareTo(Candidate other) {
            int byCount = Long.compare(other.count, count);
            return byCount != 0 ? byCount : Long.compare(pair, other.pair);
        }
    }

    /** Indices of words, ascending. */
    private static final class Places {
        private int[] at = new int[2];
        private int size;

        void add(int word) {
            if (size > 0 && at[size - 1] == word) {
                return;
            }
            if (size == at.length) {
                at = Arrays.copyOf(at, 2 * size);
            }
            at[size++] = word;
        }
    }

    /** Counts the pieces of a text; no pair goes across two texts. What is kept is the distinct pieces. */
    public void add(String text) {
        Matcher matcher = PIECE.matcher(text);
        while (matcher.find()) {
            pieces.merge(matcher.group(), 1L, Long::sum);
        }
    }

    /**
     * Writes {@code tokenizer.json} and {@code tokenizer_config.json} of the texts added so far to the folder. Done once.
     *
     * @param vocabSize at least {@link #SMALLEST}; texts with too few pairs give a smaller vocabulary
     */
    public void train(int vocabSize, Path folder) throws IOException {
        if (vocabSize < SMALLEST) {
            throw new UserError("A vocabulary of " + vocabSize + " tokens is too small: 256 bytes and " + END
                    + " are in every one. Ask for " + SMALLEST + " or more.");
        }
        begin();
        merge(vocabSize);
        ByteLevel.write(folder, ids, merges, END);
    }

    private void begin() {
        char[] letters = ByteLevel.letters();
        idOf(END);
        char[] sorted = letters.clone();
        Arrays.sort(sorted);
        for (char c : sorted) {
            idOf(String.valueOf(c));
        }
        int[] idOfByte = new int[BYTES];
        for (int b = 0; b < BYTES; b++) {
            idOfByte[b] = idOf(String.valueOf(letters[b]));
        }
        pieces.forEach((piece, count) -> {
            byte[] bytes = piece.getBytes(StandardCharsets.UTF_8);
            int[] symbols = new int[bytes.length];
            for (int i = 0; i < bytes.length; i++) {
                symbols[i] = idOfByte[bytes[i] & 0xff];
            }
            words.add(new Word(symbols, count));
        });
        pieces.clear();
    }

    private void merge(int vocabSize) {
        Map<Long, Places> fresh = new HashMap<>();
        for (int w = 0; w < words.size(); w++) {
            Word word = words.get(w);
            for (int i = 0; i + 1 < word.symbols.length; i++) {
                change(word.symbols[i], word.symbols[i + 1], word.count, w, fresh);
            }
        }
        enqueue(fresh);
        while (tokens.size() < vocabSize) {
            Candidate top = queue.poll();
            if (top == null) {
                return;
            }
            long now = counts.getOrDefault(top.pair, 0L);
            if (now != top.count) {
                if (now > 0) {
                    queue.add(new Candidate(top.pair, now, top.places));
                }
                continue;
            }
            int left = (int) (top.pair >>> 32);
            int right = (int) top.pair;
            int merged = idOf(tokens.get(left) + tokens.get(right));
            merges.add(List.of(tokens.get(left), tokens.get(right)));
            fresh.clear();
            for (int i = 0; i < top.places.size; i++) {
                replace(top.places.at[i], left, right, merged, fresh);
            }
            enqueue(fresh);
        }
    }

    private void replace(int w, int left, int right, int merged, Map<Long, Places> fresh) {
        Word word = words.get(w);
        int[] old = word.symbols;
        int[] made = new int[old.length];
        int n = 0;
        int i = 0;
        while (i < old.length) {
            if (i + 1 == old.length || old[i] != left || old[i + 1] != right) {
                made[n++] = old[i++];
                continue;
            }
            if (n > 0) {
                change(made[n - 1], left, -word.count, w, fresh);
                change(made[n - 1], merged, word.count, w, fresh);
            }
            if (i + 2 < old.length) {
                change(right, old[i + 2], -word.count, w, fresh);
                change(merged, old[i + 2], word.count, w, fresh);
            }
            made[n++] = merged;
            i += 2;
        }
        word.symbols = Arrays.copyOf(made, n);
    }

    private void change(int left, int right, long by, int word, Map<Long, Places> fresh) {
        long pair = (long) left << 32 | right;
        counts.merge(pair, by, Long::sum);
        if (by > 0) {
            fresh.computeIfAbsent(pair, _ -> new Places()).add(word);
        }
    }

    private void enqueue(Map<Long, Places> fresh) {
        fresh.forEach((pair, places) -> {
            long count = counts.getOrDefault(pair, 0L);
            if (count > 0) {
                queue.add(new Candidate(pair, count, places));
            }
        });
    }

    private int idOf(String token) {
        Integer known = ids.putIfAbsent(token, tokens.size());
        if (known != null) {
            return known;
        }
        tokens.add(token);
        return tokens.size() - 1;
    }
}
