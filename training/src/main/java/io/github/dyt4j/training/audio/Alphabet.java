package io.github.dyt4j.training.audio;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.Stream;
import tools.jackson.databind.json.JsonMapper;

/**
 * The symbols of transcripts, with the ids of Hugging Face's Wav2Vec2CTCTokenizer: {@code <pad>} 0, which is CTC's blank, {@code <s>} 1, {@code </s>} 2, {@code <unk>} 3, {@code |} 4 between
 * words, then the characters in Unicode's order.
 */
public final class Alphabet {
    public static final int BLANK = 0;

    private static final int UNKNOWN = 3;
    private static final int BETWEEN = 4;
    private static final List<String> SPECIAL = List.of("<pad>", "<s>", "</s>", "<unk>", "|");

    private final List<String> symbols;
    private final Map<String, Integer> ids = new LinkedHashMap<>();

    private Alphabet(List<String> symbols) {
        this.symbols = symbols;
        symbols.forEach(s -> ids.put(s, ids.size()));
    }

    /** Of the characters in these normal texts. */
    public static Alphabet of(Stream<String> texts) {
        TreeSet<Integer> characters = new TreeSet<>();
        texts.flatMapToInt(String::codePoints).filter(c -> c != ' ').forEach(characters::add);
        List<String> symbols = new ArrayList<>(SPECIAL);
        characters.forEach(c -> symbols.add(Character.toString(c)));
        return new Alphabet(List.copyOf(symbols));
    }

    public int size() {
        return symbols.size();
    }

    /** One id a character; a character that was not among the alphabet's texts is {@code <unk>}. */
    public int[] encode(String text) {
        return text.codePoints()
                .map(c -> c == ' ' ? BETWEEN : ids.getOrDefault(Character.toString(c), UNKNOWN))
                .toArray();
    }

    /** Frames that CTC needs for them at least: one a symbol, and a blank between two that are the same. */
    public static int frames(int[] symbols) {
        int frames = symbols.length;
        for (int i = 1; i < symbols.length; i++) {
            frames += symbols[i] == symbols[i - 1] ? 1 : 0;
        }
        return frames;
    }

    /** The likeliest symbol of each frame, one for a run of the same, without blanks (Graves et al. 2006, section 3.2, "best path decoding"). */
    public String decode(long[] frames) {
        StringBuilder text = new StringBuilder();
        long before = BLANK;
        for (long f : frames) {
            if (f != before && f != BLANK) {
                text.append(f == BETWEEN ? " " : f < BETWEEN || f >= symbols.size() ? "" : symbols.get((int) f));
            }
            before = f;
        }
        return text.toString().strip().replaceAll(" +", " ");
    }

    /** What these symbols are the targets of; one that the alphabet has not is U+FFFD, which nothing that is decoded is equal to. */
    public String text(long[] targets) {
        StringBuilder text = new StringBuilder();
        for (long t : targets) {
            text.append(t == BETWEEN ? " " : t < BETWEEN ? "\uFFFD" : symbols.get((int) t));
        }
        return text.toString();
    }

    /** As {@code vocab.json}: an object of symbol to id. */
    public void write(Path file) throws IOException {
        Files.write(file, JsonMapper.shared().writerWithDefaultPrettyPrinter().writeValueAsBytes(ids));
    }
}
