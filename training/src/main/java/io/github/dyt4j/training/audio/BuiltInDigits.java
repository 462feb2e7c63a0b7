package io.github.dyt4j.training.audio;

import io.github.dyt4j.training.data.Rng;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Strings of digits, joined of 50 recordings that come with dyt4j: 0 to 9 in English, Spanish, French, Italian and Russian by a speaker each, 8 kHz. A string and its recordings are of
 * one language.
 *
 * <p>Pretraining hears strings of two to five, and is judged by strings of two digits that it never hears. Recognising words cannot be: there is one recording of each, so it learns them alone and in
 * strings of two and three, and the test strings are of the same recordings in orders that are not trained on. That shows whether a model learns, not how well it hears.
 */
public final class BuiltInDigits {
    static final int RATE = 8000;

    private static final List<String> LANGUAGES = List.of("en", "es", "fr", "it", "ru");
    private static final int DIGITS = 10;
    private static final List<Integer> UNHEARD = List.of(3, 7);
    private static final int TRAIN = 400;
    private static final int TEST = 50;
    private static final int SHORTEST = 2;
    private static final int LONGEST = 5;
    private static final int LONGEST_SPELT = 3;
    private static final long DRAW = 0x646967697473L;

    private final float[][][] recordings = new float[LANGUAGES.size()][DIGITS][];
    private final String[][] words = new String[LANGUAGES.size()][DIGITS];

    private BuiltInDigits(int rate) throws IOException {
        Resampler resampler = new Resampler(RATE, rate);
        String transcripts = new String(read("transcripts.tsv"), StandardCharsets.UTF_8);
        for (String line : transcripts.lines().toList()) {
            String[] fields = line.split("\t", -1);
            String[] path = fields[0].split("/", -1);
            words[LANGUAGES.indexOf(path[0])][path[1].charAt(0) - '0'] = Transcripts.normal(fields[1]);
        }
        for (int l = 0; l < LANGUAGES.size(); l++) {
            for (int d = 0; d < DIGITS; d++) {
                Clip clip = AudioDecoder.decode(read(LANGUAGES.get(l) + "/" + d + ".wav"));
                recordings[l][d] = resampler.apply(clip.samples());
            }
        }
    }

    private static byte[] read(String name) throws IOException {
        try (InputStream in = BuiltInDigits.class.getResourceAsStream("digits/" + name)) {
            if (in == null) {
                throw new IllegalStateException("the built-in digits are missing from this build: " + name);
            }
            return in.readAllBytes();
        }
    }

    /**
     * The strings, the same for every seed.
     *
     * @param rate to which the recordings are resampled
     * @param transcribed whether words are learned, and not sound alone
     */
    public static AudioData open(int rate, boolean transcribed) {
        try {
            BuiltInDigits digits = new BuiltInDigits(rate);
            List<Integer> all = Stream.iterate(0, d -> d + 1).limit(DIGITS).toList();
            List<Integer> heard = all.stream().filter(d -> !UNHEARD.contains(d)).toList();
            Rng rng = Rng.of(DRAW, 0, 0);
            Set<List<Integer>> seen = new HashSet<>(); // in whatever language: some words are two languages'
            int longest = transcribed ? LONGEST_SPELT : LONGEST;
            List<Spoken> test = draw(rng, transcribed ? all : UNHEARD, longest, TEST, seen);
            List<Spoken> train = transcribed ? alone(all) : new ArrayList<>();
            train.addAll(draw(rng, transcribed ? all : heard, longest, TRAIN - train.size(), seen));
            return new AudioData(
                    digits.new Strings(train),
                    digits.new Strings(test),
                    "the built-in digits in five languages, joined to " + TRAIN + " strings to train on and " + TEST
                            + " to judge by, "
                            + (transcribed
                                    ? "of the same recordings in other orders"
                                    : "of two digits that the others have not")
                            + (rate == RATE ? "" : "; resampled from " + RATE + " to " + rate + " Hz"));
        } catch (IOException e) {
            throw new IllegalStateException("the built-in digits cannot be read", e);
        }
    }

    /** A string of digits in a language. */
    private record Spoken(int language, List<Integer> digits) {}

    /** Each of these digits in each language. */
    private static List<Spoken> alone(List<Integer> digits) {
        List<Spoken> alone = new ArrayList<>();
        for (int language = 0; language < LANGUAGES.size(); language++) {
            for (int digit : digits) {
                alone.add(new Spoken(language, List.of(digit)));
            }
        }
        return alone;
    }

    /** So many strings that were not seen before. */
    private static List<Spoken> draw(Rng rng, List<Integer> from, int longest, int count, Set<List<Integer>> seen) {
        List<Spoken> drawn = new ArrayList<>();
        while (drawn.size() < count) {
            int language = rng.nextInt(LANGUAGES.size());
            int length = SHORTEST + rng.nextInt(longest - SHORTEST + 1);
            List<Integer> digits = Stream.generate(() -> from.get(rng.nextInt(from.size())))
                    .limit(length)
                    .toList();
            if (seen.add(digits)) {
                drawn.add(new Spoken(language, digits));
            }
        }
        return drawn;
    }

    private final class Strings implements ClipSet {
        private final List<Spoken> strings;

        Strings(List<Spoken> strings) {
            this.strings = strings;
        }

        @Override
        public int size() {
            return strings.size();
        }

        @Override
        public int samples(int i) {
            Spoken s = strings.get(i);
            return s.digits.stream()
                    .mapToInt(d -> recordings[s.language][d].length)
                    .sum();
        }

        @Override
        public Optional<float[]> waveform(int i) {
            Spoken s = strings.get(i);
            float[] joined = new float[samples(i)];
            int at = 0;
            for (int d : s.digits) {
                float[] x = recordings[s.language][d];
                System.arraycopy(x, 0, joined, at, x.length);
                at += x.length;
            }
            return Waveform.normal(joined);
        }

        @Override
        public String text(int i) {
            Spoken s = strings.get(i);
            return String.join(
                    " ", s.digits.stream().map(d -> words[s.language][d]).toList());
        }
    }
}
