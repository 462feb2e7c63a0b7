package io.github.dyt4j.lab;

import io.github.dyt4j.lab.ReportData.SeedHistory;
import io.github.dyt4j.lab.ReportData.SiteHistory;
import io.github.dyt4j.lab.ReportData.Start;
import io.github.dyt4j.training.run.Metrics;
import io.github.dyt4j.training.run.RunResult;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/** A run that has ended, as its folder tells it. */
record FinishedRun(
        Path folder, Job job, RunResult result, List<Map<String, Object>> metrics, List<Map<String, Object>> states) {

    /** Nothing while the run has not ended. */
    static Optional<FinishedRun> read(Path folder, Job job) throws IOException {
        Optional<RunResult> result = RunResult.read(folder);
        return result.isEmpty()
                ? Optional.empty()
                : Optional.of(new FinishedRun(
                        folder,
                        job,
                        result.get(),
                        Metrics.read(folder.resolve("metrics.jsonl")),
                        Metrics.read(folder.resolve("sites.jsonl"))));
    }

    int seed() {
        return result.seed();
    }

    Results.Run summary() {
        return Results.Run.of(job, result);
    }

    List<double[]> trainingLoss() {
        return series("train", "loss");
    }

    List<double[]> testMetric() {
        return series("test", result.metric());
    }

    /** {step, value} of the lines of a split; what is not finite is left out. */
    private List<double[]> series(String split, String key) {
        List<double[]> points = new ArrayList<>();
        for (Map<String, Object> line : metrics) {
            if (split.equals(line.get("split"))
                    && line.get("step") instanceof Number step
                    && line.get(key) instanceof Number value
                    && Double.isFinite(value.doubleValue())) {
                points.add(new double[] {step.doubleValue(), value.doubleValue()});
            }
        }
        return points;
    }

    /** Steps of an epoch, by the last evaluation; 0 where there was none. */
    double stepsPerEpoch() {
        return metrics.stream()
                .filter(l -> "test".equals(l.get("split"))
                        && l.get("step") instanceof Number
                        && l.get("epoch") instanceof Number n
                        && n.intValue() > 0)
                .mapToDouble(l -> ((Number) l.get("step")).doubleValue() / ((Number) l.get("epoch")).doubleValue())
                .reduce(0, (first, last) -> last);
    }

    /** α and 1/std by site, this run's alone. */
    List<SiteHistory> sites() {
        SequencedMap<String, List<@Nullable Double[]>> points = new LinkedHashMap<>();
        Map<String, String> kinds = new LinkedHashMap<>();
        for (Map<String, Object> state : states) {
            if (state.get("step") instanceof Number step && state.get("sites") instanceof List<?> sites) {
                for (Object o : sites) {
                    if (o instanceof Map<?, ?> site && site.get("std") instanceof Number std && std.doubleValue() > 0) {
                        String name = String.valueOf(site.get("name"));
                        kinds.put(name, String.valueOf(site.get("site")));
                        @Nullable
                        Double alpha = site.get("alpha") instanceof Number a ? (Double) a.doubleValue() : null;
                        points.computeIfAbsent(name, _ -> new ArrayList<>())
                                .add(new Double[] {step.doubleValue(), alpha, SiteTaps.short4(1 / std.doubleValue())});
                    }
                }
            }
        }
        return points.entrySet().stream()
                .map(e -> new SiteHistory(
                        e.getKey(),
                        kinds.getOrDefault(e.getKey(), ""),
                        List.of(new SeedHistory(seed(), e.getValue().toArray(new Double[0][])))))
                .toList();
    }

    List<Start> starts() {
        List<Start> starts = new ArrayList<>();
        Map<String, Map<String, @Nullable Double>> set = result.calibration();
        if (set != null) {
            set.forEach((site, values) -> {
                Double alpha = values.get("alpha");
                if (alpha != null) {
                    starts.add(new Start(seed(), site, alpha, values.get("gamma")));
                }
            });
        }
        return starts;
    }

    /** The scores of the test examples that the value is the mean of; none where the run kept none. */
    double[] examples() throws IOException {
        String name = result.examples();
        Path file = name == null ? null : folder.resolve(name);
        if (file == null || !Files.exists(file)) {
            return new double[0];
        }
        FloatBuffer values = ByteBuffer.wrap(Files.readAllBytes(file))
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer();
        double[] scores = new double[values.remaining()];
        Arrays.setAll(scores, values::get);
        return scores;
    }
}
