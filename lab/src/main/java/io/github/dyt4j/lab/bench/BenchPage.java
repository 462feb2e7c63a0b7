package io.github.dyt4j.lab.bench;

import static io.github.dyt4j.lab.Html.escape;

import io.github.dyt4j.lab.Html;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.json.JsonMapper;

/**
 * The page of a bench: one HTML file with its style, its charts' code and its rows inside, that opens without a network. What was found is
 * in words and in tables; the charts are drawn by ECharts when it is opened.
 */
public final class BenchPage {
    private BenchPage() {}

    public static String html(BenchResult result) {
        List<String> finding = finding(result.rows());
        Object command = result.environment().get("command");
        return Html.fill(
                BenchPage.class,
                "bench.html",
                Map.ofEntries(
                        Map.entry("finding", escape(finding.getFirst())),
                        Map.entry("more", paragraphs(finding.subList(1, finding.size()))),
                        Map.entry("llama", BenchTables.llama(result)),
                        Map.entry("length", BenchTables.length(result.rows())),
                        Map.entry("goals", BenchTables.goals(result.rows())),
                        Map.entry("rows", BenchTables.all(result.rows())),
                        Map.entry("environment", Html.definitions(machine(result.environment()))),
                        Map.entry("command", command == null ? "not recorded" : escape(command.toString())),
                        Map.entry("echartsVersion", Html.echartsVersion()),
                        Map.entry(
                                "css",
                                Html.resource(Html.class, "report.css") + Html.resource(BenchPage.class, "bench.css")),
                        Map.entry("data", Html.script(JsonMapper.shared().writeValueAsString(Data.of(result)))),
                        Map.entry("echarts", Html.echarts()),
                        Map.entry(
                                "js",
                                Html.resource(Html.class, "charts.js") + Html.resource(BenchPage.class, "bench.js"))));
    }

    /** Of norms, of a LLaMA's passes and of lengths; where there is nothing of norms alone, the others' own come first. */
    private static List<String> finding(List<BenchRow> rows) {
        BenchFinding norms = new BenchFinding(rows);
        List<String> all = new ArrayList<>(LlamaFinding.sentences(rows));
        all.addAll(LengthTable.sentences(rows));
        boolean othersAlone = !all.isEmpty() && norms.saysNothing();
        if (!othersAlone) {
            all.addFirst(norms.headline());
            all.addAll(1, norms.more());
        }
        return all;
    }

    /** The environment without the command, which has a place of its own, and with units where keys have none to show. */
    private static Map<String, Object> machine(Map<String, Object> environment) {
        Map<String, Object> machine = new LinkedHashMap<>();
        environment.forEach((key, value) -> {
            switch (key) {
                case "command" -> {}
                case "triadGbPerSecond" -> machine.put("memory triad, GB/s", value);
                case "peakGflops" -> machine.put("peak f32, GFLOP/s", value);
                default -> machine.put(key, value);
            }
        });
        return machine;
    }

    private static String paragraphs(List<String> sentences) {
        return sentences.stream().map(s -> "<p>" + escape(s) + "</p>").collect(Collectors.joining());
    }

    /** What the charts draw. The machine's limits are those of all its threads; null where they were not measured. */
    record Data(
            List<Point> points,
            @Nullable Double triadGbPerSecond,
            @Nullable Double peakGflops) {
        static Data of(BenchResult result) {
            return new Data(
                    result.rows().stream().map(Point::of).toList(),
                    number(result.environment().get("triadGbPerSecond")),
                    number(result.environment().get("peakGflops")));
        }

        private static @Nullable Double number(@Nullable Object value) {
            return value instanceof Number n ? n.doubleValue() : null;
        }
    }

    /** @param mib size of the norm's input */
    record Point(BenchRow row, double mib, @Nullable Double flops) {
        static Point of(BenchRow r) {
            int bytes = r.dtype().startsWith("bf16") || r.dtype().startsWith("f16") ? 2 : 4; // of what goes in
            // The bf16 kernels compute a shorter tanh, and the peak is that of f32.
            Double flops = r.dtype().equals("f32") ? Flops.perElement(r.norm(), r.direction()) : null;
            return new Point(r, (double) r.rows() * r.width() * bytes / 1048576, flops);
        }
    }
}
