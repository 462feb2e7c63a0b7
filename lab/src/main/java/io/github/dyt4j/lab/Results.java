package io.github.dyt4j.lab;

import com.fasterxml.jackson.annotation.JsonIgnore;
import io.github.dyt4j.lab.PairedStatistics.Difference;
import io.github.dyt4j.lab.PairedStatistics.Finding;
import io.github.dyt4j.lab.PairedStatistics.Interval;
import io.github.dyt4j.lab.PairedStatistics.Spread;
import io.github.dyt4j.training.Objective;
import io.github.dyt4j.training.run.RunResult;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What a comparison found, as it stands in results.json. The first norm is the baseline. Values are in {@code unit}; a difference is the
 * norm's value minus the baseline's with the same seed. What cannot be given (an interval of one seed, a difference of the baseline from
 * itself) is null.
 *
 * @param unit "%" for accuracies, whose differences are percentage points; "nats/token" for language models
 * @param runs what is compared; where learning rates were searched, at each norm's own
 * @param runsToCome runs that were asked for and have not ended; 0 in a whole comparison
 * @param search the learning rates that were tried; null where all runs had the recipe's
 */
public record Results(
        String recipe,
        String command,
        Map<String, Object> environment,
        String metric,
        String unit,
        boolean higherIsBetter,
        List<Run> runs,
        List<Summary> summary,
        String verdict,
        int runsToCome,
        @Nullable RateSearch search) {
    /** The key in {@code environment} of how many runs went at a time. */
    static final String SIDE_BY_SIDE = "runsSideBySide";

    /**
     * One run that has ended.
     *
     * @param norm the norm's spec, or the method in the norms' place
     * @param value of the metric at the end; where the run diverged, the best value before it, or null if there was none
     * @param msPerStep median milliseconds of an optimizer step
     * @param peakBytes largest resident memory of the run's process
     * @param extras what else was measured beside the value
     * @param lr its learning rate where several were tried, else null
     */
    public record Run(
            String norm,
            int seed,
            @Nullable Double value,
            @Nullable Double bestValue,
            boolean diverged,
            double msPerStep,
            long peakBytes,
            List<RunResult.Extra> extras,
            @Nullable Double lr) {

        static Run of(Job job, RunResult result) {
            Double ms = result.msPerStep();
            return new Run(
                    job.variant().name(),
                    job.seed(),
                    result.value(),
                    result.bestValue(),
                    result.diverged(),
                    ms == null ? 0 : ms,
                    result.peakBytes(),
                    result.extras(),
                    job.lr());
        }
    }

    /** One norm over its seeds, label its name for people; low95 and high95 by Student's t over seeds, the bootstrap over test examples. */
    public record Summary(
            String norm,
            String label,
            int seeds,
            @Nullable Double mean,
            @Nullable Double sd,
            @Nullable Double difference,
            @Nullable Double low95,
            @Nullable Double high95,
            @Nullable Double bootstrapLow95,
            @Nullable Double bootstrapHigh95,
            String finding) {
        @JsonIgnore
        public Finding found() {
            return Stream.of(Finding.values())
                    .filter(f -> f.words().equals(finding))
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** What is the same for all runs; {@code norms} are specs and their labels, the baseline first, {@code asked} how many runs it takes. */
    record Setting(
            String recipe,
            String command,
            Map<String, Object> environment,
            String metric,
            String unit,
            boolean higherIsBetter,
            SequencedMap<String, String> norms,
            int asked,
            @Nullable RateSearch search) {}

    /** Summary and verdict of the runs that have ended, in the order of the norms. */
    static Results of(Setting s, List<Outcome> outcomes) {
        List<Summary> summary = s.norms().sequencedKeySet().stream()
                .map(norm -> summary(norm, s, outcomes))
                .toList();
        List<Run> runs = s.norms().sequencedKeySet().stream()
                .flatMap(norm ->
                        outcomes.stream().map(Outcome::run).filter(r -> r.norm().equals(norm)))
                .toList();
        Results silent = new Results(
                s.recipe(),
                s.command(),
                s.environment(),
                s.metric(),
                s.unit(),
                s.higherIsBetter(),
                runs,
                summary,
                "",
                s.asked() - ended(runs, s.search()),
                s.search());
        return new Results(
                s.recipe(),
                s.command(),
                s.environment(),
                s.metric(),
                s.unit(),
                s.higherIsBetter(),
                runs,
                summary,
                Verdict.of(silent),
                silent.runsToCome(),
                s.search());
    }

    /** The grid, and of the other seeds those of which the grid is not made. */
    private static int ended(List<Run> runs, @Nullable RateSearch search) {
        return search == null
                ? runs.size()
                : search.choices().stream().mapToInt(c -> c.runs().size()).sum()
                        + (int) runs.stream().filter(r -> r.seed() > 0).count();
    }

    private static Summary summary(String norm, Setting s, List<Outcome> outcomes) {
        String baseline = s.norms().firstEntry().getKey();
        String label = s.norms().getOrDefault(norm, norm);
        double[] values = outcomes.stream()
                .filter(o -> o.run().norm().equals(norm) && o.run().value() != null)
                .mapToDouble(Results::value)
                .toArray();
        Spread spread = Spread.of(values);
        List<Outcome[]> pairs = pairs(norm, baseline, outcomes);
        if (norm.equals(baseline) || pairs.isEmpty()) {
            Finding finding = norm.equals(baseline) ? Finding.BASELINE : Finding.TOO_FEW_SEEDS;
            return new Summary(
                    norm,
                    label,
                    values.length,
                    known(spread.mean()),
                    known(spread.sd()),
                    null,
                    null,
                    null,
                    null,
                    null,
                    finding.words());
        }
        Difference d = PairedStatistics.difference(
                pairs.stream().mapToDouble(p -> value(p[0])).toArray(),
                pairs.stream().mapToDouble(p -> value(p[1])).toArray());
        Interval bootstrap = PairedStatistics.bootstrap(
                pairs.stream().map(p -> p[0].examples()).toArray(double[][]::new),
                pairs.stream().map(p -> p[1].examples()).toArray(double[][]::new));
        return new Summary(
                norm,
                label,
                d.n(),
                known(spread.mean()),
                known(spread.sd()),
                d.mean(),
                known(d.interval().low()),
                known(d.interval().high()),
                known(bootstrap.low()),
                known(bootstrap.high()),
                claim(
                                PairedStatistics.finding(d, s.higherIsBetter()),
                                diverged(norm, outcomes),
                                diverged(baseline, outcomes))
                        .words());
    }

    /** A run that diverged counts with its best value, or not at all: both flatter it, so only a finding against it stands. */
    private static Finding claim(Finding finding, boolean ownDiverged, boolean baselineDiverged) {
        boolean stands = (!ownDiverged || finding == Finding.WORSE) && (!baselineDiverged || finding == Finding.BETTER);
        return stands ? finding : Finding.TOO_FEW_SEEDS;
    }

    private static boolean diverged(String norm, List<Outcome> outcomes) {
        return outcomes.stream()
                .anyMatch(o -> o.run().norm().equals(norm) && o.run().diverged());
    }

    /** (norm, baseline) of every seed that has a value with both. */
    private static List<Outcome[]> pairs(String norm, String baseline, List<Outcome> outcomes) {
        List<Outcome[]> pairs = new ArrayList<>();
        for (Outcome o : outcomes) {
            if (o.run().norm().equals(norm) && o.run().value() != null) {
                outcomes.stream()
                        .filter(b -> b.run().norm().equals(baseline)
                                && b.run().seed() == o.run().seed()
                                && b.run().value() != null)
                        .findFirst()
                        .ifPresent(b -> pairs.add(new Outcome[] {o, b}));
            }
        }
        return pairs;
    }

    private static double value(Outcome o) {
        return Optional.ofNullable(o.run().value()).orElseThrow();
    }

    private static @Nullable Double known(double v) {
        return Double.isFinite(v) ? v : null;
    }

    @JsonIgnore
    public Summary baseline() {
        return summary.getFirst();
    }

    /** Whether values are nats a token, e to which is a perplexity. */
    public boolean inNatsPerToken() {
        return unit.equals(Objective.Metric.NATS_PER_TOKEN);
    }

    public List<Run> runs(String norm) {
        return runs.stream().filter(r -> r.norm().equals(norm)).toList();
    }

    /** What else was measured, in order: a metric of each name. */
    @JsonIgnore
    public List<RunResult.Extra> extras() {
        SequencedMap<String, RunResult.Extra> extras = new LinkedHashMap<>();
        runs.forEach(run -> run.extras().forEach(e -> extras.putIfAbsent(e.metric(), e)));
        return List.copyOf(extras.values());
    }

    /** One of them over the runs of a norm. */
    public Spread extra(String norm, String metric) {
        return Spread.of(runs(norm).stream()
                .flatMap(r -> r.extras().stream())
                .filter(e -> e.metric().equals(metric))
                .mapToDouble(RunResult.Extra::value)
                .toArray());
    }

    /** How many runs have ended, those at rates that were not chosen among them. */
    @JsonIgnore
    public int ended() {
        return ended(runs, search);
    }

    /**
     * One line a run, with its norm's summary repeated on it, so that the file is one rectangle. Runs at rates that were not chosen come last,
     * without a summary.
     */
    public String csv() {
        List<String> extras = extras().stream().map(RunResult.Extra::metric).toList();
        StringBuilder csv = new StringBuilder(
                "norm,seed,value,bestValue,diverged,msPerStep,peakBytes,mean,sd,difference,low95,high95,"
                        + "bootstrapLow95,bootstrapHigh95,finding" + (search == null ? "" : ",lr,chosen")
                        + extras.stream().map(e -> "," + cell(e)).collect(Collectors.joining()) + "\n");
        for (Summary s : summary) {
            runs(s.norm()).forEach(r -> line(csv, r, s, extras));
        }
        if (search != null) {
            search.choices().stream()
                    .flatMap(c -> c.runs().stream())
                    .filter(r -> !runs.contains(r))
                    .forEach(r -> line(csv, r, null, extras));
        }
        return csv.toString();
    }

    private void line(StringBuilder csv, Run r, @Nullable Summary s, List<String> extras) {
        List<@Nullable Object> cells = new ArrayList<>(Arrays.asList(
                r.norm(),
                r.seed(),
                r.value(),
                r.bestValue(),
                r.diverged(),
                r.msPerStep(),
                r.peakBytes(),
                s == null ? null : s.mean(),
                s == null ? null : s.sd(),
                s == null ? null : s.difference(),
                s == null ? null : s.low95(),
                s == null ? null : s.high95(),
                s == null ? null : s.bootstrapLow95(),
                s == null ? null : s.bootstrapHigh95(),
                s == null ? null : s.finding()));
        if (search != null) {
            cells.add(r.lr());
            cells.add(s != null);
        }
        for (String name : extras) {
            cells.add(r.extras().stream()
                    .filter(e -> e.metric().equals(name))
                    .findFirst()
                    .map(RunResult.Extra::value)
                    .orElse(null));
        }
        csv.append(cells.stream().map(Results::cell).collect(Collectors.joining(",")))
                .append('\n');
    }

    /** RFC 4180: a cell with a comma, a quote or a line break stands in quotes, and a quote is doubled. */
    private static String cell(@Nullable Object value) {
        String text = value == null ? "" : value.toString();
        return text.matches("[^,\"\r\n]*") ? text : "\"" + text.replace("\"", "\"\"") + "\"";
    }

    /** The median over runs of each run's median step, in milliseconds; NaN where none has a time. */
    public static double medianMsPerStep(List<Run> runs) {
        double[] ms = runs.stream()
                .mapToDouble(Run::msPerStep)
                .filter(v -> v > 0)
                .sorted()
                .toArray();
        return ms.length == 0 ? Double.NaN : (ms[(ms.length - 1) / 2] + ms[ms.length / 2]) / 2;
    }
}
