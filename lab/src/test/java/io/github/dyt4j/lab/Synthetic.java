package io.github.dyt4j.lab;

import io.github.dyt4j.lab.ReportData.Curve;
import io.github.dyt4j.lab.ReportData.Fit;
import io.github.dyt4j.lab.ReportData.Metric;
import io.github.dyt4j.lab.ReportData.Norm;
import io.github.dyt4j.lab.ReportData.SeedHistory;
import io.github.dyt4j.lab.ReportData.SeedValue;
import io.github.dyt4j.lab.ReportData.SiteHistory;
import io.github.dyt4j.lab.ReportData.SitePoints;
import io.github.dyt4j.lab.ReportData.Start;
import io.github.dyt4j.lab.ReportData.TokenPoints;
import io.github.dyt4j.lab.Results.Run;
import io.github.dyt4j.lab.Results.Setting;
import io.github.dyt4j.lab.Results.Summary;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/** A comparison that never ran, with made-up numbers of a plausible shape, to test statistics, words and drawing. */
final class Synthetic {
    private static final Kind IMAGES = new Kind(
            List.of("layernorm", "dyt", "dyt(init=calibrated)"),
            List.of(83.0, 75.5, 82.6),
            new Metric("test accuracy", "%", true, 1, false),
            "image");
    private static final Kind TEXT = new Kind(
            List.of("rmsnorm", "dyt", "dyt(init=calibrated)"),
            List.of(1.512, 1.634, 1.514),
            new Metric("test loss", "nats/token", false, 3, true),
            "sequence");
    private static final List<List<String>> RULES =
            List.of(List.of(), List.of("one learned number", "the table by width"), List.of("calibration starts it"));
    private static final int STEPS = 564;
    private static final int DEPTH = 4;

    /** @param levels about what each norm comes to */
    private record Kind(List<String> norms, List<Double> levels, Metric metric, String example) {}

    private final Kind kind;
    private final SplittableRandom random = new SplittableRandom(1);

    private Synthetic(Kind kind) {
        this.kind = kind;
    }

    record Comparison(Results results, ReportData data) {}

    /** @param seeds how many have ended of the three that were asked for */
    static Comparison comparison(int seeds) {
        return new Synthetic(IMAGES).make(seeds);
    }

    /** The same of language models, whose metric is better where it is lower. */
    static Comparison ofText(int seeds) {
        return new Synthetic(TEXT).make(seeds);
    }

    private boolean text() {
        return kind.metric.perplexity();
    }

    private Comparison make(int seeds) {
        List<Outcome> outcomes = new ArrayList<>();
        for (int n = 0; n < kind.norms.size(); n++) {
            for (int seed = 0; seed < seeds; seed++) {
                outcomes.add(outcome(n, seed));
            }
        }
        Map<String, Object> environment = new LinkedHashMap<>();
        environment.put("machine", "made up, 2 cores");
        environment.put("java", "25 </script><script>alert(1)</script>");
        environment.put("kernels", "vector 512-bit, 2 threads");
        Results results = Results.of(
                new Setting(
                        "synthetic",
                        "dyt4j compare synthetic",
                        environment,
                        kind.metric.name(),
                        kind.metric.unit(),
                        kind.metric.higherIsBetter(),
                        labels(),
                        3 * kind.norms.size(),
                        null),
                outcomes);
        List<Norm> norms = new ArrayList<>();
        for (int n = 0; n < kind.norms.size(); n++) {
            norms.add(norm(n, seeds, results));
        }
        return new Comparison(results, new ReportData(kind.metric, "training loss", kind.example, 94, 6, norms));
    }

    private SequencedMap<String, String> labels() {
        double[] starts = text() ? new double[] {0.8, 0.2} : new double[] {0.5, 0.5};
        SequencedMap<String, String> labels = new LinkedHashMap<>();
        for (String norm : kind.norms) {
            labels.put(norm, NormLabel.of(norm, norm.equals("dyt") ? starts : new double[0]));
        }
        return labels;
    }

    private Outcome outcome(int n, int seed) {
        double[] examples = new double[2000];
        double sum = 0;
        for (int i = 0; i < examples.length; i++) {
            examples[i] = text()
                    ? kind.levels.get(n) + 0.003 * seed + 0.1 * (random.nextDouble() - 0.5)
                    : random.nextDouble() * 100 < kind.levels.get(n) - seed * 0.3 ? 100 : 0;
            sum += examples[i];
        }
        double value = sum / examples.length;
        return new Outcome(
                new Run(
                        kind.norms.get(n),
                        seed,
                        value,
                        text() ? value - 0.001 : value + 0.1,
                        false,
                        78 + n * 3 + random.nextDouble(),
                        (400L + n) << 20,
                        List.of(),
                        null),
                examples);
    }

    private Norm norm(int n, int seeds, Results results) {
        Summary summary = results.summary().get(n);
        List<Run> baseline = results.runs(kind.norms.getFirst());
        List<SeedValue> differences = new ArrayList<>();
        List<Curve> curves = new ArrayList<>();
        for (Run run : results.runs(kind.norms.get(n))) {
            differences.add(new SeedValue(run.seed(), value(run) - value(baseline.get(run.seed()))));
            curves.add(curve(n, run));
        }
        List<SiteHistory> sites = new ArrayList<>();
        List<SitePoints> taps = new ArrayList<>();
        List<Start> starts = new ArrayList<>();
        for (int b = 0; b <= 2 * DEPTH; b++) {
            String name = b == 2 * DEPTH ? "norm" : "blocks." + b / 2 + ".norm" + (b % 2 + 1);
            String site = b == 2 * DEPTH ? "final" : b % 2 == 0 ? "attention" : "mlp";
            sites.add(history(n, b, name, site, seeds));
            taps.add(points(n, b, name, site));
            for (int seed = 0; seed < seeds && n == 2; seed++) {
                starts.add(new Start(seed, name, 1 / (0.6 + 0.2 * b), 1.5));
            }
        }
        return new Norm(
                kind.norms.get(n),
                labels().sequencedValues().stream().toList().get(n),
                n == 0,
                summary,
                n == 0 ? List.of() : differences,
                curves,
                n == 0 ? List.of() : sites,
                seeds == 0 ? List.of() : taps,
                starts,
                463_000 + n,
                text() ? (Double) (kind.levels.get(n) / Math.log(2)) : null,
                text() ? RULES.get(n) : List.of());
    }

    private Curve curve(int n, Run run) {
        double[][] train = new double[STEPS / 6][];
        for (int i = 0; i < train.length; i++) {
            double step = 6 * i + 3;
            double floor = 0.82 + (n == 1 ? 0.19 : 0);
            train[i] = new double[] {step, floor + 1.5 * Math.exp(-step / (60 + 40 * n)) + 0.03 * random.nextDouble()};
        }
        double[][] test = new double[6][];
        for (int e = 0; e < 6; e++) {
            double way = Math.exp(-e) - (e == 5 ? Math.exp(-5) : 0); // the last is the run's own value
            test[e] = new double[] {94 * (e + 1), value(run) + (text() ? 1 : -14) * way};
        }
        return new Curve(run.seed(), train, test);
    }

    private SiteHistory history(int n, int b, String name, String site, int seeds) {
        List<SeedHistory> histories = new ArrayList<>();
        for (int seed = 0; seed < seeds; seed++) {
            @Nullable Double[][] points = new Double[7][];
            for (int e = 0; e <= 6; e++) {
                double std = 0.6 + 0.2 * b + 0.08 * e + 0.05 * random.nextDouble();
                double given = !text() ? 0.5 : site.equals("attention") ? 0.8 : 0.2;
                double start = n == 1 ? given : 1 / (0.6 + 0.2 * b);
                points[e] = new Double[] {94.0 * e, e == 0 ? start : start + 0.1 * e * (1 / std - start), 1 / std};
            }
            histories.add(new SeedHistory(seed, points));
        }
        return new SiteHistory(name, site, histories);
    }

    private SitePoints points(int n, int b, String name, String site) {
        List<TokenPoints> tokens = new ArrayList<>();
        double alpha = n == 1 ? 0.5 : 1;
        for (int t = 0; t < 8; t++) {
            double std = 0.5 + 0.15 * b * (1 + random.nextDouble()) * (t + 1) / 4;
            double[][] points = new double[75][];
            for (int c = 0; c < points.length; c++) {
                double x = std * (random.nextDouble() + random.nextDouble() + random.nextDouble() - 1.5) * 2.4;
                points[c] = new double[] {x, n == 0 ? x / std : Math.tanh(alpha * x)};
            }
            tokens.add(new TokenPoints(kind.example + " " + t / 4 + ", patch " + t % 4 * 5, points));
        }
        return new SitePoints(
                name, site, n == 0 ? new Fit(2.4, 0.5, false, 0.971, 0.953) : new Fit(1, alpha, true, 1, 0.93), tokens);
    }

    private static double value(Run run) {
        Double v = run.value();
        return v == null ? Double.NaN : v;
    }
}
