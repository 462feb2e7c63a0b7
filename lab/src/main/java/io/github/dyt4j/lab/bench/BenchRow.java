package io.github.dyt4j.lab.bench;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One measured line of a bench: a norm, or what it is held against, in one direction on one shape.
 *
 * @param what the kind of measurement: {@code kernel} (no autograd, buffers that stay), {@code layer} (inside autograd, a process of its
 *     own), {@code step} (a model's whole training step), or the name of a goal's row
 * @param norm the norm as people type it, or {@code copy}, {@code triad}, {@code identity}
 * @param baseline what {@code ratio} divides by; null where there is no ratio
 * @param dtype {@code f32}, {@code bf16}, or both with an arrow between
 * @param direction {@code forward}, {@code backward} or {@code both}
 * @param nsPerElement the median
 * @param p10 the fastest tenth is below this, ns an element
 * @param p90 the slowest tenth is above this, ns an element
 * @param ratio the median over rounds of this norm's time over the baseline's in the same round
 * @param spread of the ratio, or of the time where there is no ratio: half the distance of the 10th from the 90th percentile, over the median
 * @param gbPerSecond bytes that the norm must move, by formula, over its time
 * @param ofLimit the bandwidth of the triad in the same run over which {@code gbPerSecond} is taken; above 1 where a cache serves
 * @param error greatest difference to the formula in f64, relative to the largest output; null where not looked at
 * @param peakBytes the most memory of the process that ran it beside the inputs; null where the process is shared
 * @param value what {@code goal} is compared with where that is not the ratio, in {@code unit}; else null
 * @param unit of value and goal: {@code x}, {@code µs}, {@code ms}, {@code %}, or {@value #SHARE}, of what is possible
 * @param goal at most this, but a share at least this; null where there is none
 * @param reached whether the goal is; null where there is none
 */
public record BenchRow(
        String what,
        String norm,
        @Nullable String baseline,
        String dtype,
        long rows,
        int width,
        String direction,
        int threads,
        double nsPerElement,
        double p10,
        double p90,
        @Nullable Double ratio,
        double spread,
        @Nullable Double gbPerSecond,
        @Nullable Double ofLimit,
        @Nullable Double error,
        @Nullable Long peakBytes,
        @Nullable Double value,
        @Nullable String unit,
        @Nullable Double goal,
        @Nullable Boolean reached) {

    /** The unit of a value that is part of what is possible, so that more of it is better. */
    public static final String SHARE = "share";

    /** Refuses a row read from a file that lacks what every row has. */
    public BenchRow {
        Objects.requireNonNull(what, "a row without what");
        Objects.requireNonNull(norm, "a row without norm");
        Objects.requireNonNull(dtype, "a row without dtype");
        Objects.requireNonNull(direction, "a row without direction");
    }

    /** Whether the ratio differs from 1 by more than its own spread; false without a ratio. */
    public boolean differs() {
        return ratio != null && Math.abs(ratio - 1) > spread * ratio;
    }

    /** Whether the goal is reached at or above its figure. */
    public boolean atLeast() {
        return SHARE.equals(unit);
    }

    /** This row with the speed at which it moves its bytes, and the speed that would be possible. */
    BenchRow at(double gbPerSecond, double limit) {
        return with(gbPerSecond, gbPerSecond / limit, peakBytes);
    }

    /** This row with the most memory that its process had. */
    BenchRow peak(long bytes) {
        return with(gbPerSecond, ofLimit, bytes);
    }

    private BenchRow with(@Nullable Double speed, @Nullable Double share, @Nullable Long bytes) {
        return new BenchRow(
                what,
                norm,
                baseline,
                dtype,
                rows,
                width,
                direction,
                threads,
                nsPerElement,
                p10,
                p90,
                ratio,
                spread,
                speed,
                share,
                error,
                bytes,
                value,
                unit,
                goal,
                reached);
    }
}
