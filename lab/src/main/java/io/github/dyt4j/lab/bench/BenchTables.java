package io.github.dyt4j.lab.bench;

import static io.github.dyt4j.lab.Html.cell;
import static io.github.dyt4j.lab.Html.column;
import static io.github.dyt4j.lab.Html.escape;
import static io.github.dyt4j.lab.Html.fixed;

import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** The tables of a bench's page: its goals, and all its rows. */
final class BenchTables {
    private static final String NONE = "–";

    private BenchTables() {}

    static String goals(List<BenchRow> rows) {
        List<BenchRow> goals = rows.stream().filter(r -> r.goal() != null).toList();
        if (goals.isEmpty()) {
            return "<p class=\"missing\">No goal was asked of this run.</p>";
        }
        long reached =
                goals.stream().filter(r -> Boolean.TRUE.equals(r.reached())).count();
        return "<p>" + (reached == goals.size() ? "All " + reached : reached + " of " + goals.size())
                + " reached. A goal is reached at or below its figure, a share of what is possible (≥) at or above it.</p>"
                + "<table class=\"stack\"><thead><tr><th scope=\"col\">What</th>" + column("norm") + column("against")
                + column("shape") + column("measured") + column("goal") + column("reached") + "</tr></thead><tbody>"
                + goals.stream().map(BenchTables::goal).collect(Collectors.joining()) + "</tbody></table>";
    }

    private static String goal(BenchRow r) {
        return "<tr><th scope=\"row\">" + escape(r.what()) + "<small>" + escape(direction(r) + ", " + r.dtype())
                + ", " + threads(r) + "</small></th>"
                + cell("norm", escape(r.norm()))
                + cell("against", r.baseline() == null ? NONE : escape(r.baseline()))
                + cell("shape", shape(r))
                + cell("measured", "<span class=\"nowrap\">" + measured(r) + "</span>")
                + cell(
                        "goal",
                        r.goal() == null
                                ? NONE
                                : "<span class=\"nowrap\">" + (r.atLeast() ? "≥ " : "≤ ") + amount(r, r.goal())
                                        + "</span>")
                + cell("reached", r.reached() == null ? NONE : r.reached() ? "yes" : "<strong class=\"no\">no</strong>")
                + "</tr>";
    }

    private static String measured(BenchRow r) {
        String value = r.value() != null ? amount(r, r.value()) : r.ratio() != null ? fixed(r.ratio(), 2) + "×" : NONE;
        return value.equals(NONE) ? NONE : value + " ± " + percent(r.spread());
    }

    private static String amount(BenchRow r, double v) {
        String unit = r.unit() == null || r.unit().equals("x") ? "×" : r.atLeast() ? "" : " " + escape(r.unit());
        return significant(v) + unit;
    }

    /** The section of a LLaMA's passes, generation and steps; empty where none ran. */
    static String llama(BenchResult result) {
        List<LlamaTable> tables = LlamaTable.of(result.rows());
        if (tables.isEmpty()) {
            return "";
        }
        return "<section id=\"llama\"><h2>In a LLaMA</h2><figure id=\"llama-norms\"></figure>"
                + "<figure id=\"llama-parts\"></figure>"
                + tables.stream().map(BenchTables::table).collect(Collectors.joining())
                + LlamaTable.closing(result.environment()).stream()
                        .map(s -> "<p>" + escape(s) + "</p>")
                        .collect(Collectors.joining())
                + "</section>";
    }

    /** The section of lengths; empty where none were measured. */
    static String length(List<BenchRow> rows) {
        List<LlamaTable> tables = LengthTable.of(rows);
        return tables.isEmpty()
                ? ""
                : "<section id=\"length\"><h2>By length</h2><figure>" + LengthChart.svg(rows)
                        + "<figcaption><p>Both axes are logarithmic. Along a dashed line time or memory grows as the length does.</p></figcaption></figure>"
                        + tables.stream().map(BenchTables::table).collect(Collectors.joining()) + "</section>";
    }

    private static String table(LlamaTable table) {
        List<String> header = table.cells().getFirst();
        return "<h3>" + escape(table.title())
                + "</h3><div class=\"wide\"><table class=\"stack\"><thead><tr><th scope=\"col\"></th>"
                + header.stream().skip(1).map(name -> column(name)).collect(Collectors.joining())
                + "</tr></thead><tbody>"
                + table.cells().stream()
                        .skip(1)
                        .map(cells -> "<tr><th scope=\"row\">" + escape(cells.getFirst()) + "</th>"
                                + IntStream.range(1, cells.size())
                                        .mapToObj(i -> cell(
                                                header.get(i),
                                                escape(cells.get(i).replaceAll("(^|\\s|\\()-(?=\\d)", "$1−"))))
                                        .collect(Collectors.joining())
                                + "</tr>")
                        .collect(Collectors.joining())
                + "</tbody></table></div>"
                + table.notes().stream()
                        .map(note -> "<p class=\"caption\">" + escape(note) + ".</p>")
                        .collect(Collectors.joining());
    }

    static String all(List<BenchRow> rows) {
        List<String> columns = List.of(
                "norm",
                "baseline",
                "dtype",
                "rows",
                "width",
                "direction",
                "threads",
                "ns an element",
                "10th",
                "90th",
                "ratio",
                "spread",
                "GB/s",
                "of limit",
                "error",
                "peak MiB",
                "value",
                "unit",
                "goal",
                "reached");
        return "<table class=\"rows\"><thead><tr><th scope=\"col\">what</th>"
                + columns.stream().map(name -> column(name)).collect(Collectors.joining())
                + "</tr></thead><tbody>"
                + rows.stream().map(r -> row(columns, r)).collect(Collectors.joining()) + "</tbody></table>";
    }

    private static String row(List<String> columns, BenchRow r) {
        List<String> cells = List.of(
                escape(r.norm()),
                r.baseline() == null ? NONE : escape(r.baseline()),
                escape(r.dtype()),
                grouped(r.rows()),
                grouped(r.width()),
                escape(r.direction()),
                grouped(r.threads()),
                significant(r.nsPerElement()),
                significant(r.p10()),
                significant(r.p90()),
                ratio(r),
                percent(r.spread()),
                r.gbPerSecond() == null ? NONE : fixed(r.gbPerSecond(), 1),
                r.ofLimit() == null ? NONE : fixed(r.ofLimit(), 2),
                r.error() == null ? NONE : scientific(r.error()),
                r.peakBytes() == null ? NONE : fixed(r.peakBytes() / 1048576.0, 0),
                optional(r.value()),
                r.unit() == null ? NONE : escape(r.unit()),
                optional(r.goal()),
                r.reached() == null ? NONE : r.reached() ? "yes" : "no");
        StringBuilder html = new StringBuilder("<tr><th scope=\"row\">")
                .append(escape(r.what()))
                .append("</th>");
        for (int i = 0; i < columns.size(); i++) {
            html.append(cell(columns.get(i), cells.get(i)));
        }
        return html.append("</tr>").toString();
    }

    /** Bold where it stands out of its spread. */
    private static String ratio(BenchRow r) {
        if (r.ratio() == null) {
            return NONE;
        }
        String text = fixed(r.ratio(), 2);
        return r.differs() ? "<strong>" + text + "</strong>" : text;
    }

    private static String optional(@Nullable Double v) {
        return v == null ? NONE : significant(v);
    }

    static String direction(BenchRow r) {
        return r.direction().equals("both") ? "forward + backward" : r.direction();
    }

    private static String threads(BenchRow r) {
        return r.threads() == 1 ? "1 thread" : r.threads() + " threads";
    }

    static String shape(BenchRow r) {
        return "<span class=\"nowrap\">" + r.rows() + " × " + r.width() + "</span>";
    }

    private static String grouped(long v) {
        return String.format(Locale.ROOT, "%,d", v);
    }

    private static String percent(double v) {
        return Double.isFinite(v) ? fixed(100 * v, v < 0.0995 ? 1 : 0) + "%" : NONE;
    }

    /** Three significant digits at least, never an exponent: norms take between a tenth of a nanosecond and some hundreds. */
    private static String significant(double v) {
        if (!Double.isFinite(v)) {
            return NONE;
        }
        double size = Math.abs(v);
        return fixed(v, size == 0 ? 0 : size < 1 ? 3 : size < 10 ? 2 : size < 100 ? 1 : 0);
    }

    private static String scientific(double v) {
        return v == 0 ? "0" : String.format(Locale.ROOT, "%.1e", v).replaceFirst("e-0?", "e−");
    }
}
