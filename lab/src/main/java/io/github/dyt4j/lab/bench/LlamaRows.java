package io.github.dyt4j.lab.bench;

import io.github.dyt4j.lab.bench.Samples.Middle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The rows of one measurement of a LLaMA: their element is a token of a pass. What they are of ("llama_7b, 2 of 32 layers …") and what they
 * say ("inference") stand together in {@code what}, so that a row in a file speaks for itself.
 *
 * @param scope what was measured
 * @param tokens of a pass
 * @param direction {@code forward} or {@code both}
 */
record LlamaRows(String scope, int tokens, int width, String dtype, String direction, int threads) {
    static final String INFERENCE = "inference";
    static final String TRAINING = "training";
    static final String NORMS = "norms in ";
    static final String ALONE = "norms alone in ";
    static final String SHARE = "share of norms in ";
    /** Before the number of norms that the whole model has. */
    static final String SCALED = ", scaled to all ";

    static final String AGAINST = ", DyT against RMSNorm";
    static final String SCALAR = "scalar after the embedding in ";
    static final String PARTS = "parts of ";
    static final String PREFILL = "prefill";
    static final String DECODE = "decode";
    static final String STEP = "training step";
    static final String PRODUCTS_SHARE = "its products' share of " + PREFILL;
    static final String READ_SHARE = "bytes of weights a second in decode, of a plain read's";
    static final String STEP_OVER_PRODUCTS = STEP + " over its products";
    static final String CHECKPOINTING = STEP + ", a process each";
    /** What is left of a pass beside its parts. */
    static final String REST = "the rest";

    private static final String BETWEEN = ": ";

    static LlamaRows of(LlamaCut cut, int threads) {
        return new LlamaRows(
                cut.scope(),
                cut.rows(),
                cut.config().hiddenSize(),
                NormsPlan.name(cut.dtype()),
                cut.training() ? "both" : "forward",
                threads);
    }

    /** What a row says, without what it is of; null where it is not of this kind. */
    static @Nullable String kind(BenchRow row) {
        int at = row.what().indexOf(BETWEEN);
        return at < 0 || !row.what().startsWith("llama") ? null : row.what().substring(at + BETWEEN.length());
    }

    static String scope(BenchRow row) {
        return row.what().substring(0, row.what().indexOf(BETWEEN));
    }

    /** The time of one call, and its ratio over another's in the same rounds, where there is one. */
    BenchRow time(String kind, String norm, double[] nanos, @Nullable String baseline, double @Nullable [] base) {
        Middle middle = base == null ? Middle.of(nanos) : Middle.of(Samples.ratios(nanos, base));
        return row(kind, norm, nanos, baseline, base == null ? null : middle, null, null, middle.spread(), null, null);
    }

    /** As {@link #time} where the two were not timed in turn: the ratio of the medians, as uncertain as both times together. */
    BenchRow apart(String kind, String norm, double[] nanos, String baseline, double[] base) {
        Middle own = Middle.of(nanos);
        Middle other = Middle.of(base);
        Middle ratio = new Middle(own.median() / other.median(), own.spread() + other.spread());
        return row(kind, norm, nanos, baseline, ratio, null, null, ratio.spread(), null, null);
    }

    /** As {@link #time}, which is to be at most {@code most} times the other's. */
    BenchRow atMost(double most, String kind, String norm, double[] nanos, String baseline, double[] base) {
        Middle middle = Middle.of(Samples.ratios(nanos, base));
        boolean reached = middle.median() <= most;
        return row(kind, norm, nanos, baseline, middle, null, null, middle.spread(), most, reached);
    }

    /** Nanoseconds that may be negative, as milliseconds a call. */
    BenchRow difference(String kind, String norm, double[] nanos, @Nullable String baseline) {
        Middle middle = Middle.of(Samples.times(nanos, 1e-6));
        return row(kind, norm, nanos, baseline, null, middle.median(), "ms", middle.spread(), null, null);
    }

    BenchRow percent(String kind, String norm, double[] nanos, double[] shares) {
        Middle middle = Middle.of(Samples.times(shares, 100));
        return row(kind, norm, nanos, null, null, middle.median(), "%", middle.spread(), null, null);
    }

    /**
     * What the most that is possible would take, over the time: of 1 at best, and at least {@code least}.
     *
     * @param least the goal; null where none is asked
     */
    BenchRow share(@Nullable Double least, String kind, String norm, double[] nanos, String baseline, double[] best) {
        Middle middle = Middle.of(Samples.ratios(best, nanos));
        Boolean reached = least == null ? null : middle.median() >= least;
        return row(kind, norm, nanos, baseline, null, middle.median(), BenchRow.SHARE, middle.spread(), least, reached);
    }

    /** A row a part, its share of the pass as ratio, and one for what is left. */
    List<BenchRow> parts(String pass, double[] nanos, List<String> names, List<double[]> parts) {
        List<BenchRow> rows = new ArrayList<>();
        double[] rest = nanos.clone();
        for (int i = 0; i < parts.size(); i++) {
            double[] part = parts.get(i);
            rows.add(time(PARTS + pass, names.get(i), part, pass, nanos));
            Arrays.setAll(rest, r -> rest[r] - part[r]);
        }
        rows.add(time(PARTS + pass, REST, rest, pass, nanos));
        return rows;
    }

    private BenchRow row(
            String kind,
            String norm,
            double[] nanos,
            @Nullable String baseline,
            @Nullable Middle ratio,
            @Nullable Double value,
            @Nullable String unit,
            double spread,
            @Nullable Double goal,
            @Nullable Boolean reached) {
        return new BenchRow(
                scope + BETWEEN + kind,
                norm,
                baseline,
                dtype,
                tokens,
                width,
                direction,
                threads,
                Samples.median(nanos) / tokens,
                Samples.quantile(0.1, nanos) / tokens,
                Samples.quantile(0.9, nanos) / tokens,
                ratio == null ? null : ratio.median(),
                spread,
                null,
                null,
                null,
                null,
                value,
                unit,
                goal,
                reached);
    }
}
