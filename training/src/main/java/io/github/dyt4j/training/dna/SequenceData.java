package io.github.dyt4j.training.dna;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.Bases;
import io.github.dyt4j.training.data.Rng;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/**
 * Sequences of DNA and the class of each, to train on and to be judged by. The layouts: {@link SequenceTable} and {@link SequenceFolder}.
 *
 * @param source what was read, for people
 * @param classes their names, in the order of their numbers
 */
public record SequenceData(String source, List<String> classes, Split train, Split test) {
    private static final String SPLICE = "splice-junctions/splice.tsv.gz";
    private static final long SHARE = 0x7368617265L;

    /** A sequence as it was read. */
    @SuppressWarnings("ArrayRecordComponent") // never written to
    record Row(byte[] bases, String label, String where) {}

    /** Sequences by number: tokens, and the class's number. */
    public record Split(List<byte[]> bases, List<Integer> labels) {
        public int size() {
            return bases.size();
        }

        public int label(int i) {
            return labels.get(i);
        }
    }

    /** What a layout makes of its files: {@code test} is null where they do not say. */
    record Found(
            String source,
            List<Row> train,
            @org.jspecify.annotations.Nullable List<Row> test) {}

    /**
     * @param share of the sequences that is the test set where the data have none, by a hash of the sequence: the same on both strands, so that
     *     no sequence is in both, and the same for every seed
     * @throws UserError for a layout that is not known, what is no DNA, or labels of one class alone, saying where
     */
    public static SequenceData open(Path path, double share) {
        if (!Files.exists(path)) {
            throw new UserError(path + ": there is no such file or folder.\n" + SequenceFolder.KNOWN);
        }
        return of(Files.isDirectory(path) ? SequenceFolder.read(path) : SequenceTable.read(path), share);
    }

    /** 3,001 splice junctions of 60 bases in three classes (Noordewier, Towell, Shavlik 1991; UCI, CC BY 4.0, see NOTICE). */
    public static SequenceData builtIn() {
        try (InputStream in = SequenceData.class.getResourceAsStream(SPLICE)) {
            if (in == null) {
                throw new IllegalStateException("the built-in splice junctions are missing from this build: " + SPLICE);
            }
            Found found = SequenceTable.read(Fasta.unpacked(in), SPLICE, '\t');
            return of(new Found("the built-in splice junctions", found.train(), found.test()), 0);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Random sequences, where a recipe is tried without its data. */
    public static SequenceData random(int count, int length, int classes) {
        List<Row> rows = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            Rng rng = Rng.of(0, 0, i);
            byte[] bases = new byte[length];
            for (int k = 0; k < length; k++) {
                bases[k] = (byte) (Bases.A + rng.nextInt(4));
            }
            rows.add(new Row(bases, Integer.toString(i % classes), "memory"));
        }
        return of(new Found("random bases", rows, rows), 0);
    }

    private static SequenceData of(Found found, double share) {
        List<Row> train = found.train();
        List<Row> test = found.test();
        String source = found.source();
        if (test == null) {
            List<Row> all = train;
            train = all.stream().filter(r -> !held(r.bases(), share)).toList();
            test = all.stream().filter(r -> held(r.bases(), share)).toList();
            source += "; without a test set of its own: a share of " + share + " is it, by a hash of the sequence";
        }
        List<String> classes = classes(train, found.source());
        for (Row row : test) {
            if (!classes.contains(row.label())) {
                throw new UserError(row.where() + ": the class '" + row.label()
                        + "' has no training sequence; the classes are " + some(classes) + ".");
            }
        }
        if (test.isEmpty()) {
            throw new UserError(
                    "Of " + train.size() + " sequences in " + found.source()
                            + " none is left to be judged by.\nTake more sequences, a larger held_out, or give them a test set.");
        }
        return new SequenceData(source, classes, split(train, classes), split(test, classes));
    }

    private static List<String> classes(List<Row> rows, String source) {
        Set<String> names =
                new TreeSet<>(Comparator.comparingInt(String::length).thenComparing(Comparator.naturalOrder()));
        rows.forEach(r -> names.add(r.label()));
        if (!names.stream().allMatch(n -> n.matches("\\d+"))) {
            names.clear();
            Set<String> byName = new TreeSet<>();
            rows.forEach(r -> byName.add(r.label()));
            return require(List.copyOf(byName), source);
        }
        return require(List.copyOf(names), source);
    }

    private static List<String> require(List<String> classes, String source) {
        if (classes.size() < 2) {
            throw new UserError(
                    classes.isEmpty()
                            ? "There is no sequence to train on in " + source + "."
                            : "There is one class alone in " + source + " (" + classes.getFirst()
                                    + "): there is nothing to tell apart.\nAt least two are needed.");
        }
        return classes;
    }

    private static Split split(List<Row> rows, List<String> classes) {
        return new Split(
                rows.stream().map(Row::bases).toList(),
                rows.stream().map(r -> classes.indexOf(r.label())).toList());
    }

    /** The same of a sequence and of its other strand. */
    private static boolean held(byte[] bases, double share) {
        return Rng.of(SHARE, 0, Math.min(hash(bases), hash(otherStrand(bases)))).chance(share);
    }

    private static byte[] otherStrand(byte[] bases) {
        byte[] other = bases.clone();
        Strands.reverseComplement(other);
        return other;
    }

    private static long hash(byte[] bases) {
        long h = 0;
        for (byte b : bases) {
            h = h * 0x5851F42D4C957F2DL + b;
        }
        return h;
    }

    private static String some(List<String> names) {
        return names.size() <= 10 ? String.join(", ", names) : String.join(", ", names.subList(0, 10)) + ", …";
    }

    /** Bases of the longest sequence. */
    public int longest() {
        return Math.max(longest(train), longest(test));
    }

    private static int longest(Split split) {
        return split.bases().stream().mapToInt(b -> b.length).max().orElse(0);
    }

    /** Sequences of more bases than this. */
    public long longerThan(int length) {
        return train.bases().stream().filter(b -> b.length > length).count()
                + test.bases().stream().filter(b -> b.length > length).count();
    }

    /** Test sequences that are trained on as well, on either strand. */
    private long leaked() {
        Set<String> seen = new HashSet<>();
        train.bases().forEach(b -> seen.add(key(b)));
        return test.bases().stream()
                .filter(b -> seen.contains(key(b)) || seen.contains(key(otherStrand(b))))
                .count();
    }

    private static String key(byte[] bases) {
        return new String(bases, java.nio.charset.StandardCharsets.ISO_8859_1);
    }

    /** The share of the test set's most frequent class, in percent: what a model that knows nothing reaches. */
    public double majority() {
        int[] counts = new int[classes.size()];
        test.labels().forEach(l -> counts[l]++);
        return 100.0 * java.util.Arrays.stream(counts).max().orElse(0) / test.size();
    }

    /** What was found, two lines for people. */
    public String describe() {
        long leaked = leaked();
        return String.format(
                Locale.ROOT,
                "%s%n%,d training and %,d test sequences in %d classes (%s), %.1f%% of the test in the largest%s",
                source,
                train.size(),
                test.size(),
                classes.size(),
                some(classes),
                majority(),
                leaked == 0 ? "" : String.format(Locale.ROOT, "; %,d of the test are trained on as well", leaked));
    }
}
