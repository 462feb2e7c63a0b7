package io.github.dyt4j.cli;

import io.github.dyt4j.lab.Job;
import io.github.dyt4j.lab.PairedStatistics.Spread;
import io.github.dyt4j.lab.RateSearch;
import io.github.dyt4j.lab.Results;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A comparison's summary as a table of plain text. */
final class ResultTable {
    /** Where a language model's table has one column more. */
    private static final int PERPLEXITY = 2;

    private ResultTable() {}

    static String of(Results r) {
        int digits = r.unit().equals("%") ? 1 : 3;
        List<List<String>> rows = new ArrayList<>();
        List<String> head = new ArrayList<>(
                List.of("norm", named(r.metric(), r.unit()), "difference", "95% interval", "ms a step", "peak MB"));
        if (r.inNatsPerToken()) {
            head.add(PERPLEXITY, "perplexity");
        }
        RateSearch search = r.search();
        if (search != null) {
            head.add("lr");
        }
        r.extras().forEach(e -> head.add(named(e.metric(), e.unit())));
        rows.add(head);
        for (Results.Summary s : r.summary()) {
            List<Results.Run> runs = r.runs(s.norm());
            double ms = Results.medianMsPerStep(runs);
            long peak = runs.stream().mapToLong(Results.Run::peakBytes).max().orElse(0);
            List<String> row = new ArrayList<>(List.of(
                    s.norm(),
                    number(s.mean(), digits, "") + (s.sd() == null ? "" : " ± " + number(s.sd(), digits, "")),
                    number(s.difference(), digits, "+"),
                    s.low95() == null ? "–" : number(s.low95(), digits, "+") + " to " + number(s.high95(), digits, "+"),
                    RunLines.three(ms),
                    String.valueOf(peak >> 20)));
            if (r.inNatsPerToken()) {
                row.add(PERPLEXITY, s.mean() == null ? "–" : number(Math.exp(s.mean()), 2, ""));
            }
            if (search != null) {
                row.add(rate(search, s.norm()));
            }
            r.extras().forEach(e -> {
                int own = e.unit().equals("%") ? 1 : 3;
                Spread spread = r.extra(s.norm(), e.metric());
                row.add(
                        spread.n() == 0
                                ? "–"
                                : number(spread.mean(), own, "")
                                        + (spread.n() < 2 ? "" : " ± " + number(spread.sd(), own, "")));
            });
            rows.add(row);
        }
        StringBuilder text = new StringBuilder();
        for (List<String> row : rows) {
            StringBuilder line = new StringBuilder();
            for (int column = 0; column < row.size(); column++) {
                int c = column;
                int width = rows.stream()
                        .mapToInt(other -> other.get(c).length())
                        .max()
                        .orElse(0);
                line.append(String.format(
                        Locale.ROOT, column == 0 ? "%-" + width + "s" : "  %" + width + "s", row.get(column)));
            }
            text.append(line.toString().stripTrailing()).append('\n');
        }
        return text.toString();
    }

    private static String named(String metric, String unit) {
        return unit.isEmpty() ? metric : metric + " (" + unit + ")";
    }

    private static String rate(RateSearch search, String norm) {
        return search.choices().stream()
                .filter(c -> c.norm().equals(norm))
                .findFirst()
                .map(RateSearch.Choice::chosen)
                .map(Job::rate)
                .orElse("–");
    }

    private static String number(@Nullable Double v, int digits, String flag) {
        return v == null ? "–" : String.format(Locale.ROOT, "%" + flag + "." + digits + "f", v);
    }
}
