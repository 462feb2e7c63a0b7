package io.github.dyt4j.lab;

import io.github.dyt4j.lab.RateSearch.Choice;
import io.github.dyt4j.lab.ReportData.Curve;
import io.github.dyt4j.lab.ReportData.Metric;
import io.github.dyt4j.lab.ReportData.Norm;
import io.github.dyt4j.lab.ReportData.SeedHistory;
import io.github.dyt4j.lab.ReportData.SeedValue;
import io.github.dyt4j.lab.ReportData.SiteHistory;
import io.github.dyt4j.lab.ReportData.SitePoints;
import io.github.dyt4j.lab.ReportData.Start;
import io.github.dyt4j.lab.Results.Setting;
import io.github.dyt4j.lab.Results.Summary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import tools.jackson.core.type.TypeReference;

/** From the runs that have ended to results.json, results.csv and report.html. */
final class Study {
    /** Points that a training curve is drawn with at most. */
    private static final int CURVE_POINTS = 200;

    private static final TypeReference<Map<String, Object>> OBJECT = new TypeReference<>() {};

    private final Plan plan;
    private final SequencedMap<String, List<FinishedRun>> runs; // by variant, in the plan's order
    private final Map<String, Choice> choices;

    private Study(Plan plan, SequencedMap<String, List<FinishedRun>> runs, Map<String, Choice> choices) {
        this.plan = plan;
        this.runs = runs;
        this.choices = choices;
    }

    private static Optional<FinishedRun> read(Plan plan, Path folder, Job job) throws IOException {
        return FinishedRun.read(plan.run(folder, job), job);
    }

    private static boolean higherIsBetter(List<FinishedRun> runs) {
        return runs.stream().anyMatch(r -> r.result().higherIsBetter());
    }

    /** What has ended by now; nothing while no run has. */
    static Optional<Results> read(Plan plan, Path folder) throws IOException {
        Optional<Study> study = of(plan, folder);
        return study.isEmpty() ? Optional.empty() : Optional.of(study.get().results());
    }

    private static Optional<Study> of(Plan plan, Path folder) throws IOException {
        SequencedMap<String, List<FinishedRun>> runs = new LinkedHashMap<>();
        Map<String, Choice> choices = new LinkedHashMap<>();
        for (Variant v : plan.variants()) {
            List<FinishedRun> grid = new ArrayList<>();
            for (double lr : plan.lrs()) {
                read(plan, folder, new Job(v, lr, 0)).ifPresent(grid::add);
            }
            List<Results.Run> tried = grid.stream().map(FinishedRun::summary).toList();
            OptionalDouble best = RateSearch.choose(plan.lrs(), tried, higherIsBetter(grid));
            Double lr = best.isPresent() ? (Double) best.getAsDouble() : null;
            choices.put(v.name(), new Choice(v.name(), NormLabel.of(v.name()), lr, tried));
            List<FinishedRun> own = new ArrayList<>();
            for (int seed = 0; seed < plan.seeds() && (lr != null || !plan.searches()); seed++) {
                read(plan, folder, new Job(v, lr, seed)).ifPresent(own::add);
            }
            runs.put(v.name(), own);
        }
        return runs.values().stream().allMatch(List::isEmpty)
                ? Optional.empty()
                : Optional.of(new Study(plan, runs, choices));
    }

    /** Writes the three files anew from what has ended by now; nothing is written, and nothing returned, while no run has. */
    static Optional<Results> write(Plan plan, Path folder) throws IOException {
        Optional<Study> found = of(plan, folder);
        if (found.isEmpty()) {
            return Optional.empty();
        }
        Study study = found.get();
        Results results = study.results();
        replace(
                folder.resolve("results.json"),
                Report.JSON.writerWithDefaultPrettyPrinter().writeValueAsString(results) + "\n");
        replace(folder.resolve("results.csv"), results.csv());
        replace(
                folder.resolve("report.html"),
                Report.html(
                        results,
                        study.data(results),
                        study.recipe(),
                        FineTunedSection.of(FineTuning.results(plan)) + study.pictures(results)));
        return Optional.of(results);
    }

    private static void replace(Path file, String text) throws IOException {
        Path partial = file.resolveSibling(file.getFileName() + ".tmp");
        Files.writeString(partial, text);
        Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    private FinishedRun any() {
        return runs.values().stream().flatMap(List::stream).findFirst().orElseThrow();
    }

    private Results results() throws IOException {
        Path machine = any().folder().resolve("environment.json");
        Map<String, Object> environment = new LinkedHashMap<>();
        if (Files.exists(machine)) {
            environment.putAll(Report.JSON.readValue(Files.readAllBytes(machine), OBJECT));
        }
        environment.put(Results.SIDE_BY_SIDE, plan.sideBySide());
        SequencedMap<String, String> labels = new LinkedHashMap<>();
        runs.forEach((norm, own) -> labels.put(norm, NormLabel.of(norm, starts(own))));
        List<Outcome> outcomes = new ArrayList<>();
        for (var e : runs.entrySet()) {
            for (FinishedRun run : e.getValue()) {
                outcomes.add(new Outcome(run.summary(), run.examples()));
            }
        }
        return Results.of(
                new Setting(
                        plan.recipe().name(),
                        plan.command(),
                        environment,
                        judgedBy(any().result().metric()),
                        any().result().unit(),
                        any().result().higherIsBetter(),
                        labels,
                        plan.runs(),
                        plan.searches() ? new RateSearch(plan.lrs(), List.copyOf(choices.values())) : null),
                outcomes);
    }

    private static String judgedBy(String metric) {
        return metric.startsWith("validation ") ? metric : "test " + metric;
    }

    /** Of the first seed of each norm. */
    private String pictures(Results results) throws IOException {
        SequencedMap<String, Path> first = new LinkedHashMap<>();
        for (Summary s : results.summary()) {
            List<FinishedRun> own = runs.getOrDefault(s.norm(), List.of());
            if (!own.isEmpty()) {
                first.put(s.label(), own.getFirst().folder());
            }
        }
        return PictureSection.of(first);
    }

    /** α at every site before the first step. */
    private static double[] starts(List<FinishedRun> own) {
        return own.stream()
                .flatMap(r -> r.sites().stream())
                .flatMap(s -> s.seeds().stream())
                .flatMapToDouble(h -> {
                    Double alpha = h.first()[1];
                    return alpha == null || h.first()[0] == null || h.first()[0] != 0
                            ? DoubleStream.empty()
                            : DoubleStream.of(alpha);
                })
                .toArray();
    }

    private ReportData data(Results results) throws IOException {
        int lines = runs.values().stream()
                .flatMap(List::stream)
                .mapToInt(r -> r.trainingLoss().size())
                .max()
                .orElse(0);
        int bin = Math.max(1, (lines + CURVE_POINTS - 1) / CURVE_POINTS);
        List<Norm> norms = new ArrayList<>();
        for (Summary s : results.summary()) {
            norms.add(norm(s, results, bin));
        }
        List<double[]> steps = any().trainingLoss();
        int interval = steps.size() < 2 ? 1 : (int) (steps.get(1)[0] - steps.get(0)[0]);
        return new ReportData(
                new Metric(
                        results.metric(),
                        results.unit(),
                        results.higherIsBetter(),
                        Verdict.digits(results),
                        results.inNatsPerToken()),
                "training loss" + (results.inNatsPerToken() ? ", " + results.unit() : ""),
                any().result().example(),
                any().stepsPerEpoch(),
                bin * interval,
                norms);
    }

    private Norm norm(Summary s, Results results, int bin) throws IOException {
        List<FinishedRun> own = runs.getOrDefault(s.norm(), List.of());
        boolean baseline = s.norm().equals(results.baseline().norm());
        List<Curve> curves = own.stream()
                .map(r -> new Curve(
                        r.seed(), binned(r.trainingLoss(), bin), r.testMetric().toArray(double[][]::new)))
                .toList();
        List<Start> starts = own.stream().flatMap(r -> r.starts().stream()).toList();
        // Where a method stands in the norms' place, every site gives what it gets.
        List<SitePoints> taps = own.isEmpty() || own.getFirst().job().variant().method()
                ? List.of()
                : SiteTaps.of(own.getFirst().folder());
        long parameters = own.isEmpty() ? 0 : own.getFirst().result().parameters();
        double bits = own.stream()
                .map(r -> r.result().bitsPerByte())
                .filter(Objects::nonNull)
                .mapToDouble(b -> b)
                .average()
                .orElse(Double.NaN);
        return new Norm(
                s.norm(),
                s.label(),
                baseline,
                s,
                baseline ? List.of() : differences(s.norm(), results),
                curves,
                sites(own),
                taps,
                starts,
                parameters,
                Double.isNaN(bits) ? null : (Double) bits,
                own.isEmpty() ? List.of() : own.getFirst().result().ruleNotes());
    }

    private static List<SeedValue> differences(String norm, Results results) {
        Map<Integer, Double> baseline = results.runs(results.baseline().norm()).stream()
                .filter(r -> r.value() != null)
                .collect(Collectors.toMap(Results.Run::seed, r -> value(r)));
        return results.runs(norm).stream()
                .filter(r -> r.value() != null && baseline.containsKey(r.seed()))
                .map(r -> new SeedValue(r.seed(), value(r) - baseline.getOrDefault(r.seed(), Double.NaN)))
                .toList();
    }

    private static double value(Results.Run run) {
        Double v = run.value();
        return v == null ? Double.NaN : v;
    }

    /** Means of {@code bin} neighbours, each at its last step; what is left over at the end is a point of fewer. */
    static double[][] binned(List<double[]> points, int bin) {
        List<double[]> means = new ArrayList<>();
        for (int i = 0; i < points.size(); i += bin) {
            List<double[]> part = points.subList(i, Math.min(points.size(), i + bin));
            double mean = part.stream().mapToDouble(p -> p[1]).average().orElseThrow();
            means.add(new double[] {part.getLast()[0], SiteTaps.short4(mean)});
        }
        return means.toArray(double[][]::new);
    }

    /** The histories of all seeds of a site together. */
    private static List<SiteHistory> sites(List<FinishedRun> own) {
        SequencedMap<String, SiteHistory> sites = new LinkedHashMap<>();
        for (FinishedRun run : own) {
            for (SiteHistory h : run.sites()) {
                sites.merge(h.name(), h, (a, b) -> {
                    List<SeedHistory> seeds = new ArrayList<>(a.seeds());
                    seeds.addAll(b.seeds());
                    return new SiteHistory(a.name(), a.site(), seeds);
                });
            }
        }
        return List.copyOf(sites.values());
    }

    /** The recipe that the runs share, with what they do not. */
    private String recipe() {
        String shared = plan.recipe()
                .resolved()
                .lines()
                .filter(l -> !l.matches("(norm|method|seed|threads|compare_\\w+|finetune\\w*"
                        + (plan.searches() ? "|lr" : "") + "):.*"))
                .collect(Collectors.joining("\n"));
        return each("norm", plan.variants().stream().filter(v -> !v.method()).map(Variant::name))
                + each(
                        "method",
                        plan.variants().stream().filter(Variant::method).map(Variant::name))
                + each("lr", plan.lrs().stream().map(Job::rate))
                + "# seed: 0 to " + (plan.seeds() - 1) + "\n" + shared;
    }

    private static String each(String key, Stream<String> values) {
        String listed = values.collect(Collectors.joining("; "));
        return listed.isEmpty() ? "" : "# " + key + ": each of " + listed + "\n";
    }
}
