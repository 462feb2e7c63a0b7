package io.github.dyt4j.lab;

import static io.github.dyt4j.lab.Html.cell;
import static io.github.dyt4j.lab.Html.column;
import static io.github.dyt4j.lab.Html.escape;
import static io.github.dyt4j.lab.Html.fixed;

import io.github.dyt4j.lab.PairedStatistics.Finding;
import io.github.dyt4j.lab.PairedStatistics.Spread;
import io.github.dyt4j.lab.ReportData.Norm;
import io.github.dyt4j.lab.ReportData.SeedHistory;
import io.github.dyt4j.lab.ReportData.SiteHistory;
import io.github.dyt4j.lab.ReportData.Start;
import io.github.dyt4j.lab.Results.Run;
import io.github.dyt4j.lab.Results.Summary;
import io.github.dyt4j.models.Method;
import io.github.dyt4j.training.Recipe;
import io.github.dyt4j.training.run.RunResult;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/** The words and tables of a report, as HTML; every figure comes from the runs. */
final class ReportText {
    /** The paper's α0 for everything but language models (section 7, "initialization of α for non-LLM models"). */
    private static final double PAPER_ALPHA = 0.5;

    private static final String PERPLEXITY = "perplexity";
    private static final String BITS = "bits a byte";

    private final Results r;
    private final ReportData data;

    ReportText(Results results, ReportData data) {
        this.r = results;
        this.data = data;
    }

    String topic() {
        return r.recipe() + ": " + data.norms().stream().map(Norm::label).collect(Collectors.joining(" · "));
    }

    /** Whether ways to train without norms are among what is compared. */
    private static boolean methods(Results r) {
        return r.summary().stream().anyMatch(s -> Method.keys().contains(s.norm()));
    }

    /** What is compared: the head of a column. */
    static String kinds(Results r) {
        return methods(r) ? "Norm or method" : "Norm";
    }

    String toCome() {
        int n = r.runsToCome();
        return n == 0
                ? ""
                : "<p class=\"to-come\"><strong>Not whole yet:</strong> "
                        + r.ended() + " of " + (r.ended() + n)
                        + " runs have ended; this page is written anew after each.</p>";
    }

    /** How much was run, and how the paper's own start fares in it. */
    String lead() {
        return "<div class=\"lead\">" + amount() + paperStart() + "</div>";
    }

    private String amount() {
        OptionalDouble steps = steps();
        if (steps.isEmpty()) {
            return "";
        }
        long seeds = r.runs().stream().map(Run::seed).distinct().count();
        double epochs = data.stepsPerEpoch() > 0 ? steps.getAsDouble() / data.stepsPerEpoch() : 0;
        return "<p>" + (seeds == 1 ? "One seed" : seeds + " seeds") + " of each "
                + kinds(r).toLowerCase(Locale.ROOT) + ", " + grouped(steps.getAsDouble())
                + " steps a run" + (epochs > 0 ? " (" + trim(epochs) + " epochs)" : "")
                + ". Runs of one seed share everything but "
                + Html.listed(differs())
                + ": the initial weights of all other layers, the order of the data"
                + (data.example().equals("image") ? ", and the augmentation.</p>" : ", and what is held out.</p>");
    }

    private List<String> differs() {
        List<String> differs = new ArrayList<>();
        differs.add(methods(r) ? "norm or method" : "the norm");
        if (r.summary().stream().anyMatch(s -> s.norm().contains(Recipe.WITH))) {
            differs.add("the settings that stand with it");
        }
        if (r.search() != null) {
            differs.add("the learning rate (each has its best)");
        }
        if (!rules().isEmpty()) {
            differs.add("what the model’s rules for a norm add (listed below)");
        }
        return differs;
    }

    private OptionalDouble steps() {
        return data.norms().stream()
                .flatMap(n -> n.curves().stream())
                .flatMap(c ->
                        DoubleStream.concat(last(c.train()), last(c.test())).boxed())
                .mapToDouble(x -> x)
                .max();
    }

    private static DoubleStream last(double[][] curve) {
        return curve.length == 0 ? DoubleStream.empty() : DoubleStream.of(curve[curve.length - 1][0]);
    }

    /** Said of each DyT that began at the paper's α0, and only of those. */
    private String paperStart() {
        return data.norms().stream()
                .filter(n ->
                        !n.baseline() && startsAtPaperAlpha(n) && n.summary().difference() != null)
                .map(this::paperStart)
                .collect(Collectors.joining());
    }

    private boolean startsAtPaperAlpha(Norm n) {
        boolean dyt = n.spec().matches("dyt(\\(.*)?")
                && !n.spec().contains("calibrated")
                && !n.spec().contains("alpha=none");
        double[] starts = firstAlphas(n);
        // A language model's table by width is in force where the spec itself says nothing of α.
        return dyt
                && starts.length > 0
                && (r.inNatsPerToken()
                        ? !n.spec().contains("alpha=")
                        : Arrays.stream(starts).allMatch(a -> Math.abs(a - PAPER_ALPHA) < 1e-6));
    }

    /** "α₀ = 0.5 at every site", "α₀ = 0.8 at attention sites and 0.2 elsewhere (…)". */
    private String paperAlpha(Norm n) {
        // A model of DNA is judged by nats a token too, and begins as those of images do.
        if (!r.inNatsPerToken() || Arrays.stream(firstAlphas(n)).allMatch(a -> Math.abs(a - PAPER_ALPHA) < 1e-6)) {
            return "α₀ = " + trim(PAPER_ALPHA) + " at every site";
        }
        double[] attention = firstAlphas(n.sites().stream().filter(s -> s.site().equals("attention")));
        double[] others = firstAlphas(n.sites().stream().filter(s -> !s.site().equals("attention")));
        String same = trimmed(firstAlphas(n));
        return "α₀ = "
                + (attention.length == 0
                                || others.length == 0
                                || trimmed(attention).equals(trimmed(others))
                        ? same + " at every site"
                        : trimmed(attention) + " at attention sites and " + trimmed(others) + " elsewhere")
                + ", as its table for language models has it by width (beyond the table’s ends, as at its end)";
    }

    private String paperStart(Norm n) {
        Summary s = n.summary();
        double d = Objects.requireNonNull(s.difference());
        String steps = steps().isPresent() ? grouped(steps().getAsDouble()) + " steps" : "this run";
        String gap = Verdict.amount(r, Math.abs(d))
                + (d > 0 == r.higherIsBetter() ? " ahead of " : " behind ")
                + baselineLabel();
        String fact = switch (s.found()) {
            case NO_DIFFERENCE ->
                "no difference from " + baselineLabel() + " is seen in " + steps + " (" + Verdict.signed(r, d)
                        + ", 95% interval " + Verdict.interval(r, s.low95(), s.high95()) + ")";
            case TOO_FEW_SEEDS -> "it is " + gap + " after " + steps + ", on too few seeds to tell";
            default ->
                "it is " + gap + " after " + steps + " (95% interval " + Verdict.interval(r, s.low95(), s.high95())
                        + ")";
        };
        double[] ends = alphas(n, 1);
        double[] wanted = alphas(n, 2);
        String moved = ends.length == 0 || wanted.length == 0
                ? ""
                : " At the end α is " + range(ends) + " over the sites, and 1/std of its input is " + range(wanted)
                        + ".";
        return "<p>With the paper’s start, " + paperAlpha(n) + ": " + escape(fact) + "." + moved
                + (s.found() == Finding.WORSE ? " This is said of so short a run; it says nothing of longer ones." : "")
                + "</p>";
    }

    private static double[] firstAlphas(Norm n) {
        return firstAlphas(n.sites().stream());
    }

    private static double[] firstAlphas(Stream<SiteHistory> sites) {
        return histories(sites)
                .mapToDouble(h -> h.first()[1] == null ? Double.NaN : h.first()[1])
                .toArray();
    }

    /** The last values of column 1 (α) or 2 (1/std) over sites and seeds. */
    private static double[] alphas(Norm n, int column) {
        return histories(n.sites().stream())
                .map(h -> h.last()[column])
                .filter(Objects::nonNull)
                .mapToDouble(v -> v)
                .toArray();
    }

    private static Stream<SeedHistory> histories(Stream<SiteHistory> sites) {
        return sites.map(SiteHistory::seeds).flatMap(Collection::stream).filter(h -> h.points().length > 0);
    }

    private String baselineLabel() {
        return data.norms().getFirst().label();
    }

    String table() {
        String head = "<table class=\"stack\"><thead><tr><th scope=\"col\">" + kinds(r) + "</th>"
                + column(r.metric() + (r.inNatsPerToken() ? ", " + r.unit() : "") + ", mean ± sd")
                + (r.inNatsPerToken() ? column(PERPLEXITY) : "")
                + (inBytes() ? column(BITS) : "")
                + column("difference, 95% over seeds") + column("95% over test " + data.example() + "s")
                + column("time a step")
                + column("peak memory") + column("diverged") + "</tr></thead><tbody>";
        return head + data.norms().stream().map(this::row).collect(Collectors.joining()) + "</tbody></table>";
    }

    /** Means over seeds of what runs measured beside the value that they are judged by; nothing where that is all. */
    String alsoMeasured() {
        if (r.extras().isEmpty()) {
            return "";
        }
        String head = r.extras().stream()
                .map(e -> column(e.metric()
                        + (e.unit().isEmpty() || e.unit().equals("%") ? "" : ", " + e.unit())
                        + (e.higherIsBetter() ? "" : " (lower is better)")))
                .collect(Collectors.joining());
        String rows = data.norms().stream()
                .map(n -> "<tr><th scope=\"row\">" + escape(n.label()) + "</th>"
                        + r.extras().stream().map(e -> extra(n, e)).collect(Collectors.joining()) + "</tr>")
                .collect(Collectors.joining());
        return "<h3>Also measured</h3><table class=\"stack\"><thead><tr><th scope=\"col\">" + kinds(r) + "</th>" + head
                + "</tr></thead><tbody>" + rows + "</tbody></table>"
                + "<p class=\"caption\">Mean ± sd over seeds, at the end of the same runs.</p>";
    }

    private String extra(Norm n, RunResult.Extra e) {
        Spread s = r.extra(n.spec(), e.metric());
        boolean percent = e.unit().equals("%");
        int digits = percent ? 1 : 3;
        return cell(
                e.metric(),
                s.n() == 0
                        ? "–"
                        : fixed(s.mean(), digits)
                                + (s.n() < 2 ? "" : " ± " + fixed(s.sd(), digits))
                                + (percent ? "%" : ""));
    }

    private String row(Norm n) {
        Summary s = n.summary();
        List<Run> runs = r.runs(n.spec());
        String value = s.mean() == null
                ? "–"
                : Verdict.number(r, s.mean()) + (s.sd() == null ? "" : " ± " + Verdict.number(r, s.sd())) + unit();
        String difference = s.difference() == null
                ? s.found() == Finding.BASELINE ? "baseline" : "–"
                : signedNumber(s.difference())
                        + (s.low95() == null
                                ? ""
                                : " <span class=\"nowrap\">[" + Verdict.interval(r, s.low95(), s.high95()) + "]</span>")
                        + "<small>" + s.found().words() + "</small>";
        String bootstrap =
                s.bootstrapLow95() == null ? "–" : Verdict.interval(r, s.bootstrapLow95(), s.bootstrapHigh95());
        long diverged = runs.stream().filter(Run::diverged).count();
        return "<tr><th scope=\"row\">" + escape(n.label()) + "</th>" + cell(r.metric(), value)
                + (r.inNatsPerToken() ? cell(PERPLEXITY, perplexity(s)) : "")
                + (inBytes() ? cell(BITS, n.bitsPerByte() == null ? "–" : fixed(n.bitsPerByte(), 3)) : "")
                + cell("difference", difference) + cell("over " + data.example() + "s", bootstrap)
                + cell("time a step", time(n))
                + cell("peak memory", memory(runs))
                + cell("diverged", runs.isEmpty() ? "–" : diverged + " of " + runs.size()) + "</tr>";
    }

    private static String perplexity(Summary s) {
        return s.mean() == null ? "–" : fixed(Math.exp(s.mean()), 2);
    }

    private boolean inBytes() {
        return data.norms().stream().anyMatch(n -> n.bitsPerByte() != null);
    }

    private String unit() {
        // A long unit stands in the column's head.
        return r.unit().isEmpty() || r.inNatsPerToken() ? "" : r.unit().equals("%") ? "%" : " " + escape(r.unit());
    }

    private String signedNumber(double v) {
        return Verdict.signed(r, v).split(" ", 2)[0];
    }

    private String time(Norm n) {
        double own = Results.medianMsPerStep(r.runs(n.spec()));
        double baseline = Results.medianMsPerStep(r.runs(data.norms().getFirst().spec()));
        if (Double.isNaN(own)) {
            return "–";
        }
        String ratio =
                n.baseline() || Double.isNaN(baseline) ? "" : "<small>× " + fixed(own / baseline, 2) + "</small>";
        int digits = own < 10 ? 2 : own < 100 ? 1 : 0;
        DoubleSummaryStatistics spread = r.runs(n.spec()).stream()
                .mapToDouble(Run::msPerStep)
                .filter(v -> v > 0)
                .summaryStatistics();
        return "<span class=\"nowrap\">" + fixed(own, digits) + " ms</span><small class=\"nowrap\">"
                + fixed(spread.getMin(), digits) + " to " + fixed(spread.getMax(), digits) + "</small>" + ratio;
    }

    private static String memory(List<Run> runs) {
        long peak = runs.stream().mapToLong(Run::peakBytes).max().orElse(0);
        return peak <= 0 ? "–" : "<span class=\"nowrap\">" + fixed(peak / 1048576.0, 0) + " MiB</span>";
    }

    String tableCaption() {
        return "The difference is the norm’s " + escape(r.metric()) + " minus that of " + escape(baselineLabel())
                + " with the same seed" + (r.unit().equals("%") ? ", in percentage points" : "")
                + (r.inNatsPerToken()
                        ? "; lower is better. Perplexity is e to the mean loss"
                                + (inBytes()
                                        ? ", and bits a byte are the same loss over the bytes of the held-out text, by its tokens a byte"
                                        : "")
                        : "")
                + ". The difference’s first interval is Student’s t over seeds and says how another seed may turn out; the second is a paired bootstrap over"
                + " the test " + data.example()
                + "s with the seeds as they are. Time is the median over runs of the median step, below it the"
                + " fastest and slowest run; ratios inside that spread say nothing. Memory is the largest resident size of a run’s own process,"
                + " Java’s own included."
                + (r.environment().get(Results.SIDE_BY_SIDE) instanceof Integer n && n > 1
                        ? " " + n
                                + " runs went side by side, so a step takes longer than it would alone, but for a last run that had no neighbour."
                        : "")
                + (r.runs().stream().anyMatch(Run::diverged)
                        ? " A run that diverged counts with the best value before it did."
                        : "");
    }

    /** Start values that calibration set, one row a site. */
    String starts() {
        return data.norms().stream()
                .filter(n -> !n.starts().isEmpty())
                .map(this::starts)
                .collect(Collectors.joining());
    }

    private String starts(Norm n) {
        StringBuilder rows = new StringBuilder();
        n.starts().stream().map(Start::name).distinct().forEach(name -> {
            List<Start> site =
                    n.starts().stream().filter(s -> s.name().equals(name)).toList();
            rows.append("<tr><th scope=\"row\">")
                    .append(escape(name))
                    .append("</th>")
                    .append(cell("α₀", spread(site.stream().mapToDouble(Start::alpha))))
                    .append(cell(
                            "γ₀",
                            spread(site.stream()
                                    .map(Start::gamma)
                                    .filter(Objects::nonNull)
                                    .mapToDouble(g -> g))))
                    .append(cell("α at the end", spread(last(n, name, 1))))
                    .append(cell("1/std at the end", spread(last(n, name, 2))))
                    .append("</tr>");
        });
        return "<h3>Where " + escape(n.label())
                + " began</h3><p>One pass over the first batch set α₀ = 1/std of the site’s input"
                + " and γ₀ so that the output has unit variance, before the first step. Mean ± sd over seeds.</p>"
                + "<table class=\"stack\"><thead><tr><th scope=\"col\">Site</th>" + column("α₀") + column("γ₀")
                + column("α at the end") + column("1/std at the end") + "</tr></thead><tbody>" + rows
                + "</tbody></table>";
    }

    private static DoubleStream last(Norm n, String site, int column) {
        return n.sites().stream()
                .filter(h -> h.name().equals(site))
                .flatMap(h -> h.seeds().stream())
                .map(h -> h.last()[column])
                .filter(Objects::nonNull)
                .mapToDouble(v -> v);
    }

    private static String spread(DoubleStream values) {
        Spread s = Spread.of(values.toArray());
        return s.n() == 0 ? "–" : fixed(s.mean(), 3) + (s.n() < 2 ? "" : " ± " + fixed(s.sd(), 3));
    }

    String method() {
        String sizes = data.norms().stream()
                .filter(n -> n.parameters() > 0)
                .map(n -> String.format(Locale.ROOT, "%,d", n.parameters()) + " with " + n.label())
                .collect(Collectors.joining(", "));
        Object kernels = r.environment().get("kernels");
        return "<p>Each run is a process of its own on the machine below, so that its time and memory are its own; "
                + (r.search() == null
                        ? "runs of one seed start in turn, a norm at a time."
                        : "the learning rates of each norm were tried with seed 0 first, and the other seeds start in turn, a norm at a time.")
                + (kernels == null
                        ? ""
                        : " Norms run on this project’s kernels (" + escape(kernels.toString()) + ")"
                                + ("fused".equals(r.environment().get("layernorm"))
                                        ? "."
                                        : ", but for LayerNorm and RMSNorm, which are libtorch’s."))
                + (sizes.isEmpty() ? "" : " Trained parameters: " + escape(sizes) + ".") + "</p>" + rules();
    }

    /** What the family's rule for a norm changed beside the norm, by norm; nothing where no norm has such a rule. */
    private String rules() {
        String rows = data.norms().stream()
                .filter(n -> !n.ruleNotes().isEmpty())
                .map(n -> "<li>With " + escape(n.label()) + ": " + escape(String.join("; ", n.ruleNotes())) + ".</li>")
                .collect(Collectors.joining());
        return rows.isEmpty()
                ? ""
                : "<p>Runs share everything but "
                        + (methods(r) ? "norm or method" : "the norm")
                        + ", and what the model’s rules for it add:</p><ul>" + rows
                        + "</ul>";
    }

    String environment() {
        return Html.definitions(r.environment());
    }

    /** As {@link #range}, where all are most often the same. */
    private static String trimmed(double[] values) {
        String range = range(values);
        return range.contains(" ") ? range : trim(values[0]);
    }

    private static String range(double[] values) {
        double low = Arrays.stream(values).min().orElse(Double.NaN);
        double high = Arrays.stream(values).max().orElse(Double.NaN);
        return fixed(low, 2).equals(fixed(high, 2)) ? fixed(low, 2) : fixed(low, 2) + " to " + fixed(high, 2);
    }

    private static String grouped(double v) {
        return String.format(Locale.ROOT, "%,.0f", v);
    }

    private static String trim(double v) {
        return fixed(v, 2).replaceAll("\\.?0+$", "");
    }
}
