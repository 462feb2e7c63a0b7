package io.github.dyt4j.cli;

import io.github.dyt4j.lab.bench.BenchResult;
import io.github.dyt4j.lab.bench.BenchRow;
import io.github.dyt4j.lab.bench.LengthTable;
import io.github.dyt4j.lab.bench.LlamaTable;
import io.github.dyt4j.lab.bench.ModelBench;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A bench as tables of plain text: one for each kind and shape, then the goals, then how busy the machine was. */
final class BenchTable {
    /** Above this a core, somebody else's work is in the figures. */
    private static final double IDLE = 0.5;

    private static final List<String> HEADER =
            List.of("", "ns/element", "10% to 90%", "GB/s", "of limit", "ratio", "", "error", "peak MB");

    private BenchTable() {}

    static String of(BenchResult result) {
        StringBuilder text = new StringBuilder();
        Map<String, List<BenchRow>> groups = new LinkedHashMap<>();
        List<BenchRow> goals = new ArrayList<>();
        List<LlamaTable> tables = new ArrayList<>(LlamaTable.of(result.rows()));
        tables.addAll(LengthTable.of(result.rows()));
        for (LlamaTable table : tables) {
            text.append(table.title()).append('\n').append(table(table.cells()));
            table.notes().forEach(note -> text.append("  ").append(note).append('\n'));
            text.append('\n');
        }
        for (BenchRow row : result.rows()) {
            if (LlamaTable.tells(row) || LengthTable.tells(row)) {
                continue;
            }
            if (isGoal(row)) {
                goals.add(row);
            } else {
                groups.computeIfAbsent(title(row), t -> new ArrayList<>()).add(row);
            }
        }
        List<BenchRow> steps = new ArrayList<>();
        groups.values().removeIf(rows -> rows.getFirst().what().equals("step") && steps.addAll(rows));
        if (!steps.isEmpty()) {
            text.append(steps(steps, goals)).append('\n');
            goals.removeIf(row -> row.what().equals(ModelBench.SHARE));
        }
        groups.forEach((title, rows) -> {
            text.append(title).append('\n');
            text.append(measured(rows)).append('\n');
        });
        if (!goals.isEmpty()) {
            text.append("goals\n").append(goals(goals)).append('\n');
        }
        LlamaTable.closing(result.environment())
                .forEach(sentence -> text.append(sentence).append('\n'));
        return text.append(load(result.environment())).toString();
    }

    /** Rows of another kind than a level's: what they say is their ratio. */
    private static boolean isGoal(BenchRow row) {
        return row.goal() != null
                || !List.of("kernel", "layer", "step", "limit", "pytorch").contains(row.what());
    }

    private static String title(BenchRow row) {
        return row.what() + " " + row.rows() + "x" + row.width() + " " + row.dtype() + " " + row.direction() + ", "
                + threads(row.threads());
    }

    private static String threads(int n) {
        return n == 1 ? "1 thread" : n + " threads";
    }

    private static String measured(List<BenchRow> rows) {
        List<List<String>> cells = new ArrayList<>();
        cells.add(HEADER);
        String baseline = "";
        for (BenchRow row : rows) {
            baseline = row.baseline() == null ? baseline : row.baseline();
            cells.add(List.of(
                    row.norm(),
                    RunLines.three(row.nsPerElement()),
                    RunLines.three(row.p10()) + " to " + RunLines.three(row.p90()),
                    row.gbPerSecond() == null ? "" : RunLines.three(row.gbPerSecond()),
                    row.ofLimit() == null ? "" : number(row.ofLimit(), "%.2f"),
                    row.ratio() == null ? "" : ratio(row),
                    verdict(row),
                    row.error() == null ? "" : number(row.error(), "%.1e"),
                    row.peakBytes() == null ? "" : String.valueOf(row.peakBytes() >> 20)));
        }
        return table(cells) + (baseline.isEmpty() ? "" : "  ratio: time over " + baseline + "'s\n");
    }

    /** Whole steps: milliseconds, the ratio, and the norms' share of each. */
    private static String steps(List<BenchRow> steps, List<BenchRow> others) {
        List<List<String>> cells = new ArrayList<>();
        cells.add(List.of("", "ms a step", "10% to 90%", "ratio", "", "norms' share"));
        for (BenchRow row : steps) {
            String share = others.stream()
                    .filter(o -> o.what().equals(ModelBench.SHARE) && o.norm().equals(row.norm()) && o.value() != null)
                    .map(o -> number(Objects.requireNonNull(o.value()), "%.1f %%"))
                    .findFirst()
                    .orElse("");
            double ms = row.rows() / 1e6;
            cells.add(List.of(
                    row.norm(),
                    RunLines.three(row.nsPerElement() * ms),
                    RunLines.three(row.p10() * ms) + " to " + RunLines.three(row.p90() * ms),
                    row.ratio() == null ? "" : ratio(row),
                    verdict(row),
                    share));
        }
        BenchRow first = steps.getFirst();
        return "a training step on a batch of " + first.rows() + ", " + threads(first.threads()) + "\n" + table(cells)
                + "  ratio: time over " + first.norm()
                + "'s; share: forward and backward of every norm slot, timed alone\n";
    }

    private static String goals(List<BenchRow> rows) {
        List<List<String>> cells = new ArrayList<>();
        cells.add(List.of("", "where", "measured", "goal", "reached"));
        for (BenchRow row : rows) {
            cells.add(List.of(
                    row.what(),
                    row.rows() + "x" + row.width() + " " + row.dtype() + " " + row.direction() + ", " + row.threads()
                            + "t",
                    row.value() == null ? ratio(row) : amount(row, row.value()),
                    row.goal() == null
                            ? "none"
                            : row.value() == null ? number(row.goal(), "%.2f") : amount(row, row.goal()),
                    row.reached() == null ? "" : row.reached() ? "yes" : "no"));
        }
        return table(cells);
    }

    /** A value or its goal with its unit; of a share, which is its own unit, how far the value spreads. */
    private static String amount(BenchRow row, double v) {
        if (!row.atLeast()) {
            return RunLines.three(v) + (row.unit() == null ? "" : " " + row.unit());
        }
        return Double.valueOf(v).equals(row.value())
                ? number(v, "%.2f") + " ± " + number(v * row.spread(), "%.2f")
                : "≥ " + number(v, "%.2f");
    }

    private static String ratio(BenchRow row) {
        Double ratio = row.ratio();
        return ratio == null ? "" : number(ratio, "%.2f") + " ± " + number(ratio * row.spread(), "%.2f");
    }

    private static String verdict(BenchRow row) {
        Double ratio = row.ratio();
        return ratio == null ? "" : !row.differs() ? "no difference" : ratio < 1 ? "faster" : "slower";
    }

    private static String number(double v, String format) {
        return String.format(Locale.ROOT, format, v);
    }

    /** The first column to the left, the others to the right; columns without a cell are left out. */
    private static String table(List<List<String>> rows) {
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder(" ");
            for (int column = 0; column < row.size(); column++) {
                int c = column;
                int width = rows.stream().mapToInt(r -> r.get(c).length()).max().orElse(0);
                boolean empty = rows.stream().skip(1).allMatch(r -> r.get(c).isEmpty());
                if (!empty) {
                    String format = c == 0 ? " %-" + width + "s" : "  %" + width + "s";
                    line.append(String.format(Locale.ROOT, format, row.get(c)));
                }
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }

    private static String load(Map<String, Object> environment) {
        Double before = load(environment, "loadBefore");
        Double after = load(environment, "loadAfter");
        if (before == null || after == null) {
            return "";
        }
        String text = String.format(Locale.ROOT, "Load of the last minute: %.2f before, %.2f after.%n", before, after);
        Double cores = load(environment, "cores");
        return cores != null && before > IDLE * cores
                ? text + "The machine was busy before this began, so the figures are not those of an idle machine.\n"
                : text;
    }

    private static @Nullable Double load(Map<String, Object> environment, String key) {
        return environment.get(key) instanceof Number n ? n.doubleValue() : null;
    }
}
