package io.github.dyt4j.lab.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * A table of a LLaMA's bench in words, for the terminal and for the page.
 *
 * @param title what it is of
 * @param cells the header first; a column without a cell below its name is left out
 * @param notes sentences below it
 */
public record LlamaTable(String title, List<List<String>> cells, List<String> notes) {
    private static final List<String> PASSES = List.of(LlamaRows.INFERENCE, LlamaRows.TRAINING);
    private static final List<String> WHOLES = List.of(LlamaRows.PREFILL, LlamaRows.DECODE, LlamaRows.STEP);

    public LlamaTable {
        List<List<String>> all = cells;
        List<Integer> filled = IntStream.range(0, cells.getFirst().size())
                .filter(c -> all.stream().skip(1).anyMatch(row -> !row.get(c).isEmpty()))
                .boxed()
                .toList();
        cells = cells.stream()
                .map(row -> filled.stream().map(row::get).toList())
                .toList();
        notes = List.copyOf(notes);
    }

    /** Whether a row is said by one of these tables, a goal's row aside. */
    public static boolean tells(BenchRow row) {
        return LlamaRows.kind(row) != null && row.goal() == null && !LlamaRows.READ_SHARE.equals(LlamaRows.kind(row));
    }

    /** Every table of these rows, in their order; rows of other benches are passed over. */
    public static List<LlamaTable> of(List<BenchRow> rows) {
        Map<String, List<BenchRow>> groups = new LinkedHashMap<>();
        for (BenchRow row : rows) {
            if (LlamaRows.kind(row) != null) {
                String group = String.join(
                        "/", LlamaRows.scope(row), row.dtype(), row.direction(), String.valueOf(row.threads()));
                groups.computeIfAbsent(group, _ -> new ArrayList<>()).add(row);
            }
        }
        List<LlamaTable> tables = new ArrayList<>();
        for (List<BenchRow> group : groups.values()) {
            PASSES.stream().filter(p -> has(group, p)).forEach(p -> tables.add(passes(group, p)));
            WHOLES.stream().filter(w -> has(group, w)).forEach(w -> tables.add(parts(group, w)));
            if (has(group, LlamaRows.CHECKPOINTING)) {
                tables.add(processes(of(group, LlamaRows.CHECKPOINTING)));
            }
        }
        return tables;
    }

    private static boolean has(List<BenchRow> rows, String kind) {
        return !of(rows, kind).isEmpty();
    }

    private static List<BenchRow> of(List<BenchRow> rows, String kind) {
        return rows.stream().filter(r -> kind.equals(LlamaRows.kind(r))).toList();
    }

    private static @Nullable BenchRow of(List<BenchRow> rows, String kind, String norm) {
        return of(rows, kind).stream()
                .filter(r -> r.norm().equals(norm))
                .findFirst()
                .orElse(null);
    }

    private static String title(BenchRow row, String what) {
        return what + " of " + LlamaRows.scope(row) + ", " + row.dtype() + ", "
                + (row.threads() == 1 ? "1 thread" : row.threads() + " threads");
    }

    /** What stands behind the scaled rows' prefix: the number of the whole model's norms; empty where nothing was scaled. */
    private static String whole(List<BenchRow> rows, String pass) {
        String prefix = LlamaRows.NORMS + pass + LlamaRows.SCALED;
        return rows.stream()
                .map(LlamaRows::kind)
                .filter(kind -> kind != null && kind.startsWith(prefix))
                .map(kind -> Objects.requireNonNull(kind).substring(prefix.length()))
                .findFirst()
                .orElse("");
    }

    private static LlamaTable passes(List<BenchRow> rows, String pass) {
        String whole = whole(rows, pass);
        List<List<String>> cells = new ArrayList<>();
        cells.add(List.of(
                "",
                "ms a pass",
                "10% to 90%",
                "over identity's",
                "",
                "its norms, ms",
                "10% to 90%",
                "",
                "of the pass",
                "all " + whole + " norms, ms",
                "alone, ms",
                "of the pass"));
        for (BenchRow row : of(rows, pass)) {
            BenchRow norms = of(rows, LlamaRows.NORMS + pass, row.norm());
            BenchRow share = of(rows, LlamaRows.SHARE + pass, row.norm());
            BenchRow scaled = of(rows, LlamaRows.NORMS + pass + LlamaRows.SCALED + whole, row.norm());
            BenchRow alone = of(rows, LlamaRows.ALONE + pass, row.norm());
            boolean seen = norms != null && stands(norms);
            cells.add(List.of(
                    row.norm(),
                    ms(row, row.nsPerElement()),
                    range(row),
                    ratio(row),
                    verdict(row),
                    norms == null ? "" : ms(norms, norms.nsPerElement()),
                    norms == null ? "" : range(norms),
                    norms == null || seen ? "" : "none seen",
                    seen && share != null && share.value() != null ? number(share.value()) + " %" : "",
                    seen && scaled != null ? ms(scaled, scaled.nsPerElement()) : "",
                    alone == null ? "" : ms(alone, alone.nsPerElement()),
                    alone == null || alone.ratio() == null ? "" : number(100 * alone.ratio()) + " %"));
        }
        BenchRow first = of(rows, pass).getFirst();
        List<String> notes = new ArrayList<>();
        notes.add(
                pass.equals(LlamaRows.TRAINING)
                        ? "a pass: forward, cross-entropy and backward; gradients add up, and there is no optimizer step"
                        : "a pass: forward and cross-entropy, without gradients");
        notes.add("its norms: the pass minus identity's in the same round (the paper's \"layer\")");
        notes.add("alone: every norm slot by itself, in the same rounds, on inputs of that shape");
        if (!whole.isEmpty() && of(rows, LlamaRows.NORMS + pass).stream().anyMatch(LlamaTable::stands)) {
            notes.add("all " + whole
                    + " norms: that cost times the model's norms over those built; reckoned, not measured");
        }
        of(rows, LlamaRows.SCALAR + pass)
                .forEach(
                        r -> notes.add("the scalar behind the embedding, which a pointwise norm brings and its cost has"
                                + " in it, takes " + ms(r, r.nsPerElement()) + " ms alone"));
        of(rows, pass + LlamaRows.AGAINST).forEach(row -> notes.add(against(row, pass, rows)));
        return new LlamaTable(title(first, pass), cells, notes);
    }

    private static String against(BenchRow row, String pass, List<BenchRow> rows) {
        BenchRow norms = of(rows, LlamaRows.NORMS + pass + LlamaRows.AGAINST, row.norm());
        BenchRow alone = of(rows, LlamaRows.ALONE + pass + LlamaRows.AGAINST, row.norm());
        String said = row.norm() + " against " + row.baseline() + ": a pass takes " + ratio(row) + " of its time, "
                + verdict(row);
        if (norms != null) {
            String verdict = !stands(norms) ? "no difference" : norms.nsPerElement() < 0 ? "faster" : "slower";
            said += "; its norms " + ms(norms, norms.nsPerElement()) + " ms more (" + range(norms) + "), " + verdict;
        }
        return alone == null ? said : said + "; alone " + ratio(alone) + " of their time, " + verdict(alone);
    }

    private static LlamaTable parts(List<BenchRow> rows, String whole) {
        BenchRow row = of(rows, whole).getFirst();
        List<List<String>> cells = new ArrayList<>();
        cells.add(List.of("", "ms", "10% to 90%", "of the whole"));
        cells.add(List.of(whole + ", " + row.norm(), ms(row, row.nsPerElement()), range(row), ""));
        for (BenchRow part : of(rows, LlamaRows.PARTS + whole)) {
            cells.add(List.of(
                    part.norm(),
                    ms(part, part.nsPerElement()),
                    range(part),
                    part.ratio() == null ? "" : number(100 * part.ratio()) + " %"));
        }
        List<String> notes = new ArrayList<>();
        notes.add(
                "each part alone, on the shapes that it has in the whole and as often; the rest is what they leave of it");
        if (row.gbPerSecond() != null && row.ofLimit() != null) {
            notes.add("weights are read at " + number(row.gbPerSecond()) + " GB/s, a plain read of as many bytes at "
                    + number(row.gbPerSecond() / row.ofLimit()));
        }
        return new LlamaTable(title(row, whole), cells, notes);
    }

    private static LlamaTable processes(List<BenchRow> rows) {
        List<List<String>> cells = new ArrayList<>();
        cells.add(List.of("", "ms a step", "10% to 90%", "ratio", "", "peak MB"));
        for (BenchRow row : rows) {
            cells.add(List.of(
                    row.norm(),
                    ms(row, row.nsPerElement()),
                    range(row),
                    ratio(row),
                    verdict(row),
                    row.peakBytes() == null ? "" : String.valueOf(row.peakBytes() >> 20)));
        }
        return new LlamaTable(
                title(rows.getFirst(), "a training step"),
                cells,
                List.of("each in a process of its own, one after the other; the peak is the whole process's"));
    }

    /** Whether a difference is further from 0 than half its range: else it is none. */
    static boolean stands(BenchRow difference) {
        return difference.spread() < 1;
    }

    private static String ratio(BenchRow row) {
        Double ratio = row.ratio();
        return ratio == null ? "" : String.format(Locale.ROOT, "%.3f ± %.3f", ratio, Math.abs(ratio * row.spread()));
    }

    private static String verdict(BenchRow row) {
        return row.ratio() == null
                ? ""
                : !row.differs() ? "no difference" : Objects.requireNonNull(row.ratio()) < 1 ? "faster" : "slower";
    }

    private static String ms(BenchRow row, double nsPerElement) {
        return number(nsPerElement * row.rows() / 1e6);
    }

    private static String range(BenchRow row) {
        return ms(row, row.p10()) + " to " + ms(row, row.p90());
    }

    /** Three digits that count. */
    private static String number(double v) {
        double size = Math.abs(v);
        return String.format(Locale.ROOT, size >= 100 ? "%.0f" : size >= 10 ? "%.1f" : size >= 1 ? "%.2f" : "%.3f", v);
    }

    /** What is said once below all tables: how many passes, and the memory. */
    public static List<String> closing(Map<String, Object> environment) {
        List<String> sentences = new ArrayList<>();
        if (environment.get(LlamaBench.CUTS) instanceof Map<?, ?> cuts) {
            cuts.forEach((pass, cut) -> {
                if (cut instanceof Map<?, ?> said) {
                    sentences.add("In " + pass + " " + said.get("rounds") + " passes of each norm were timed, with "
                            + said.get("layers") + " of " + said.get("layersOfTheModel") + " layers and "
                            + said.get("batch")
                            + " x " + said.get("tokens") + " tokens; the paper has 100 passes, all layers and 1 x "
                            + LlamaCut.PAPER_TOKENS + " tokens of LLaMA 7B.");
                }
            });
        }
        if (environment.get(LlamaBench.PEAK) instanceof Number peak) {
            sentences.add(String.format(
                    Locale.ROOT,
                    "The process, which held the models of all norms on one set of weights, took %.1f GB at its peak.",
                    peak.doubleValue() / 1e9));
        }
        return sentences;
    }
}
