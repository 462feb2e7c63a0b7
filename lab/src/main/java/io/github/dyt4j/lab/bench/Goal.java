package io.github.dyt4j.lab.bench;

import io.github.dyt4j.lab.bench.Samples.Middle;
import org.jspecify.annotations.Nullable;

/**
 * A row that says whether something is as fast as it is meant to be: the ratio of two that were timed in the same rounds, and the most that
 * it may be.
 *
 * @param at the shape, dtype, direction and threads that the row names
 * @param most the goal; null for a row that only informs
 */
record Goal(String what, At at, @Nullable Double most) {
    /** Where a goal holds. */
    record At(Shape shape, String dtype, String direction, int threads) {}

    BenchRow ratio(String norm, double[] own, String baseline, double[] base) {
        Middle middle = Middle.of(Samples.ratios(own, base));
        Boolean reached = most == null ? null : middle.median() <= most;
        return row(norm, own, baseline, middle.median(), middle.spread(), null, null, reached);
    }

    /** Reached too where the ratio lies above the goal by no more than its spread: for "no worse than". */
    BenchRow noWorse(String norm, double[] own, String baseline, double[] base) {
        Middle middle = Middle.of(Samples.ratios(own, base));
        Boolean reached = most == null ? null : middle.median() - middle.spread() <= most;
        return row(norm, own, baseline, middle.median(), middle.spread(), null, null, reached);
    }

    /** What own takes longer than base, in µs a call. */
    BenchRow microseconds(String norm, double[] own, String baseline, double[] base) {
        Middle middle = Middle.of(Samples.times(Samples.differences(own, base), 1e-3));
        Boolean reached = most == null ? null : middle.median() <= most;
        return row(norm, own, baseline, null, middle.spread(), middle.median(), "µs", reached);
    }

    private BenchRow row(
            String norm,
            double[] own,
            String baseline,
            @Nullable Double ratio,
            double spread,
            @Nullable Double value,
            @Nullable String unit,
            @Nullable Boolean reached) {
        double n = at.shape.size();
        return new BenchRow(
                what,
                norm,
                baseline,
                at.dtype,
                at.shape.rows(),
                at.shape.width(),
                at.direction,
                at.threads,
                Samples.median(own) / n,
                Samples.quantile(0.1, own) / n,
                Samples.quantile(0.9, own) / n,
                ratio,
                spread,
                null,
                null,
                null,
                null,
                value,
                unit,
                most,
                reached);
    }
}
