package io.github.dyt4j.training.dna;

import io.github.dyt4j.formats.UserError;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Labelled sequences as CSV or TSV, packed by gzip or not: a header that names the columns {@code sequence}, {@code label} and, if there is one,
 * {@code split}, and a line a sequence. Other columns are passed over. GUE's files are written so.
 */
final class SequenceTable {
    private static final List<String> VALID = List.of("valid", "val", "validation", "dev");

    private SequenceTable() {}

    static boolean named(Path file) {
        return String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT).matches(".*\\.(tsv|csv)(\\.gz)?");
    }

    /** Where there is no split, all is to train on. */
    static SequenceData.Found read(Path file) {
        if (!named(file)) {
            throw new UserError(
                    file + " is no table of sequences: its name ends in none of .tsv, .csv, .tsv.gz, .csv.gz.\n"
                            + SequenceFolder.KNOWN);
        }
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        try (InputStream in = Fasta.unpacked(Files.newInputStream(file))) {
            return read(in, file.toString(), name.contains(".tsv") ? '\t' : ',');
        } catch (IOException e) {
            throw new UserError("Cannot read " + file + ": " + e.getMessage() + ".", e);
        }
    }

    static SequenceData.Found read(InputStream in, String file, char separator) throws IOException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
        String first = lines.readLine();
        List<String> header = first == null ? List.of() : fields(first.replaceFirst("^\ufeff", ""), separator);
        int sequence = header.indexOf("sequence");
        int label = header.indexOf("label");
        int split = header.indexOf("split");
        if (sequence < 0 || label < 0) {
            throw new UserError(file + ":1: the first line names the columns, sequence and label among them"
                    + (first == null ? "; the file is empty." : "; it is '" + shortened(first) + "'."));
        }
        List<SequenceData.Row> train = new ArrayList<>();
        List<SequenceData.Row> valid = new ArrayList<>();
        List<SequenceData.Row> test = new ArrayList<>();
        int number = 1;
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String where = file + ":" + ++number;
            if (line.isBlank()) {
                continue;
            }
            List<String> fields = fields(line, separator);
            if (fields.size() != header.size()) {
                throw new UserError(
                        where + ": " + fields.size() + " columns, and the first line names " + header.size() + ".");
            }
            if (fields.get(label).isEmpty()) {
                throw new UserError(where + ": the sequence has no label.");
            }
            SequenceData.Row row =
                    new SequenceData.Row(Letters.tokens(fields.get(sequence), where), fields.get(label), where);
            side(split < 0 ? "train" : fields.get(split).toLowerCase(Locale.ROOT), where, train, valid, test)
                    .add(row);
        }
        return new SequenceData.Found(
                file + (valid.isEmpty() || test.isEmpty() ? "" : ", without its validation split"),
                train,
                judged(valid, test));
    }

    private static @Nullable List<SequenceData.Row> judged(List<SequenceData.Row> valid, List<SequenceData.Row> test) {
        return !test.isEmpty() ? test : valid.isEmpty() ? null : valid;
    }

    private static <T> List<T> side(String split, String where, List<T> train, List<T> valid, List<T> test) {
        if (split.equals("train")) {
            return train;
        }
        if (split.equals("test")) {
            return test;
        }
        if (VALID.contains(split)) {
            return valid;
        }
        throw new UserError(where + ": the split is train, valid or test, and not '" + split + "'.");
    }

    private static List<String> fields(String line, char separator) {
        return Arrays.stream(line.split(String.valueOf(separator), -1))
                .map(String::strip)
                .map(f -> f.length() > 1 && f.startsWith("\"") && f.endsWith("\"") ? f.substring(1, f.length() - 1) : f)
                .toList();
    }

    private static String shortened(String line) {
        return line.length() > 40 ? line.substring(0, 40) + "…" : line;
    }
}
