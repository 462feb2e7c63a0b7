package io.github.dyt4j.training;

/**
 * Where in a run an optimizer step stands: what schedules are functions of.
 *
 * @param step from 0
 * @param totalSteps of the run
 * @param stepsPerEpoch of an epoch
 */
public record Moment(long step, long totalSteps, int stepsPerEpoch) {
    /** The epoch of the step, from 0. */
    public int epoch() {
        return (int) (step / stepsPerEpoch);
    }

    /** From {@code start} at the first step to {@code end} after the last, along half a cosine: end + (start − end)·(1 + cos(π·s/T))/2. */
    public double cosine(double start, double end) {
        return end + (start - end) * 0.5 * (1 + Math.cos(Math.PI * step / totalSteps));
    }
}
