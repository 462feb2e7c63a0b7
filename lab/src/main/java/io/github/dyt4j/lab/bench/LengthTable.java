package io.github.dyt4j.lab.bench;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.TreeSet;

/** The table of a bench of lengths: a line a length, for each layer its time a token and its peak of memory. */
public final class LengthTable {
    private static final double MB = 1e6;

    private LengthTable() {}

    /** Whether a row is said by this table. */
    public static boolean tells(BenchRow row) {
        return row.what().equals(LengthBench.WHAT);
    }

    /** One table for each width and number of threads among the rows; none where no row is of lengths. */
    public static List<LlamaTable> of(List<BenchRow> rows) {
        List<LlamaTable> tables = new ArrayList<>();
        List<BenchRow> left =
                new ArrayList<>(rows.stream().filter(LengthTable::tells).toList());
        while (!left.isEmpty()) {
            BenchRow first = left.getFirst();
            List<BenchRow> group = left.stream()
                    .filter(r -> r.width() == first.width() && r.threads() == first.threads())
                    .toList();
            left.removeAll(group);
            tables.add(table(group));
        }
        return tables;
    }

    /** The layers among the rows, in their order. */
    static List<String> layers(List<BenchRow> rows) {
        return rows.stream()
                .filter(LengthTable::tells)
                .map(BenchRow::norm)
                .distinct()
                .toList();
    }

    private static LlamaTable table(List<BenchRow> rows) {
        List<String> header = new ArrayList<>(List.of("tokens"));
        for (String layer : layers(rows)) {
            header.addAll(List.of(layer + ", ms", "ns a token", "peak MB"));
        }
        List<List<String>> cells = new ArrayList<>(List.of(header));
        for (long length : new TreeSet<>(rows.stream().map(BenchRow::rows).toList())) {
            List<String> line = new ArrayList<>(List.of(String.format(Locale.ROOT, "%,d", length)));
            for (String layer : layers(rows)) {
                rows.stream()
                        .filter(r -> r.rows() == length && r.norm().equals(layer))
                        .findFirst()
                        .ifPresentOrElse(
                                r -> line.addAll(List.of(number(millis(r)), number(token(r)), number(megabytes(r)))),
                                () -> line.addAll(List.of("", "", "")));
            }
            cells.add(line);
        }
        BenchRow first = rows.getFirst();
        return new LlamaTable(
                "one sequence of " + first.width() + " channels, " + first.dtype() + ", forward and backward, "
                        + (first.threads() == 1 ? "1 thread" : first.threads() + " threads"),
                cells,
                List.of(
                        "peak MB: of the layer's process, above what it had after a short sequence; inputs and all gradients are in it"));
    }

    static double millis(BenchRow r) {
        return r.nsPerElement() * r.rows() * r.width() / 1e6;
    }

    static double token(BenchRow r) {
        return Objects.requireNonNullElse(r.value(), r.nsPerElement() * r.width());
    }

    static double megabytes(BenchRow r) {
        return r.peakBytes() == null ? 0 : r.peakBytes() / MB;
    }

    /** In words, how time and memory grew from the shortest to the longest sequence; a sentence a layer. */
    static List<String> sentences(List<BenchRow> rows) {
        List<String> all = new ArrayList<>();
        for (String layer : layers(rows)) {
            List<BenchRow> own = rows.stream()
                    .filter(r -> tells(r) && r.norm().equals(layer))
                    .sorted((a, b) -> Long.compare(a.rows(), b.rows()))
                    .toList();
            BenchRow longest = own.getLast();
            all.add(String.format(
                    Locale.ROOT,
                    "The %s takes %s ns a token at %,d tokens and %s at %,d, forward and backward, and %s MB at the most.",
                    layer,
                    number(token(own.getFirst())),
                    own.getFirst().rows(),
                    number(token(longest)),
                    longest.rows(),
                    number(megabytes(longest))));
        }
        return all;
    }

    private static String number(double v) {
        return String.format(Locale.ROOT, v >= 100 ? "%,.0f" : v >= 10 ? "%.1f" : "%.2f", v);
    }
}
