package io.github.dyt4j.training.dna;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Labelled sequences in a folder: {@code train/CLASS/} and {@code test/CLASS/} with a text file a sequence (GenomicBenchmarks' layout) or FASTA;
 * the same with {@code CLASS.fa} instead of a folder; a folder or FASTA file a class without train and test; or a table each, {@code train.csv} and
 * {@code test.csv}.
 */
final class SequenceFolder {
    static final String KNOWN =
            "Known layouts: a table with the columns sequence and label (.tsv, .csv, or .gz of them);"
                    + "\na folder with train/ and test/, and in each a folder a class with *.txt or FASTA files, or CLASS.fa;"
                    + " without train/ and test/ the same, a folder or file a class; train.csv and test.csv.";
    private static final List<String> TEST = List.of("test", "valid", "val", "validation", "dev");

    private SequenceFolder() {}

    static SequenceData.Found read(Path root) {
        Path table = table(root, "train");
        if (table != null) {
            Path test = TEST.stream()
                    .map(t -> table(root, t))
                    .filter(t -> t != null)
                    .findFirst()
                    .orElse(null);
            return new SequenceData.Found(
                    table + (test == null ? "" : " and " + test.getFileName()),
                    rows(table),
                    test == null ? null : rows(test));
        }
        Path train = root.resolve("train");
        if (!Files.isDirectory(train)) {
            return new SequenceData.Found(root + ", a folder or file a class", classes(root), null);
        }
        Path test = TEST.stream()
                .map(root::resolve)
                .filter(Files::isDirectory)
                .findFirst()
                .orElse(null);
        return new SequenceData.Found(
                train + (test == null ? "" : " and " + test.getFileName()),
                classes(train),
                test == null ? null : classes(test));
    }

    private static @Nullable Path table(Path root, String split) {
        return Stream.of(".csv", ".tsv", ".csv.gz", ".tsv.gz")
                .map(ending -> root.resolve(split + ending))
                .filter(Files::isRegularFile)
                .findFirst()
                .orElse(null);
    }

    /** A file of one split: what a column says of splits is not asked. */
    private static List<SequenceData.Row> rows(Path table) {
        SequenceData.Found found = SequenceTable.read(table);
        if (found.test() != null) {
            throw new UserError(table + " has a column split, and its name says one as well.\nTake the column away.");
        }
        return found.train();
    }

    private static List<SequenceData.Row> classes(Path folder) {
        List<SequenceData.Row> rows = new ArrayList<>();
        for (Path entry : inside(folder)) {
            if (Files.isDirectory(entry)) {
                inside(entry).forEach(file -> sequences(file, String.valueOf(entry.getFileName()), rows));
            } else if (Fasta.named(entry)) {
                sequences(entry, Fasta.stem(entry), rows);
            } else {
                throw new UserError("The layout of the folder " + folder + " is not known: there is "
                        + entry.getFileName() + " in it.\n" + KNOWN);
            }
        }
        if (rows.isEmpty()) {
            throw new UserError("There is no sequence in the folder " + folder + ".\n" + KNOWN);
        }
        return rows;
    }

    private static void sequences(Path file, String label, List<SequenceData.Row> rows) {
        if (Fasta.named(file)) {
            fasta(file, label, rows);
        } else if (String.valueOf(file.getFileName()).endsWith(".txt")) {
            try {
                String text = Files.readString(file, StandardCharsets.ISO_8859_1);
                rows.add(new SequenceData.Row(Letters.tokens(text, file.toString()), label, file.toString()));
            } catch (IOException e) {
                throw new UserError("Cannot read " + file + ": " + e.getMessage() + ".", e);
            }
        } else {
            throw new UserError(
                    file + " is neither a text file nor FASTA.\nIn a class's folder there are .txt files, one a"
                            + " sequence, or FASTA files.");
        }
    }

    private static void fasta(Path file, String label, List<SequenceData.Row> rows) {
        Fasta.read(file, new Fasta.Sink() {
            private String where = "";
            private byte[] own = new byte[0];

            @Override
            public void record(String name, String place) {
                where = place;
                own = new byte[0];
            }

            @Override
            public void bases(byte[] tokens, int count) {
                if (count > 0) {
                    boolean more = own.length > 0;
                    byte[] longer = java.util.Arrays.copyOf(own, own.length + count);
                    System.arraycopy(tokens, 0, longer, own.length, count);
                    own = longer;
                    if (more) {
                        rows.removeLast();
                    }
                    rows.add(new SequenceData.Row(own, label, where));
                }
            }
        });
    }

    private static List<Path> inside(Path folder) {
        try (Stream<Path> inside = Files.list(folder)) {
            return inside.filter(p -> !String.valueOf(p.getFileName()).startsWith("."))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UserError("Cannot read the folder " + folder + ": " + e.getMessage() + ".", e);
        }
    }
}
