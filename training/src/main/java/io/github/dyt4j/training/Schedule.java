package io.github.dyt4j.training;

import org.jspecify.annotations.Nullable;

/**
 * Learning rate of an optimizer step: from warmup_lr to lr over the W steps of warm-up, both ends included, in a line u = s/(W − 1) or in
 * the parabola 1 − (1 − u)² that the DyT paper's LLaMA used; then
 * min_lr + (lr − min_lr)·(1 + cos(π·(s − W)/(T − W)))/2 (Loshchilov and Hutter 2017, without restarts; a value a step, as in the
 * ConvNeXt training code that the DyT paper used). Or it falls in steps, lr·r^⌊s/n⌋, s from the run's beginning (torch's StepLR). A pure
 * function of the step.
 *
 * @param falls null for the cosine
 */
public record Schedule(
        double lr,
        double minLr,
        double warmupLr,
        long warmupSteps,
        boolean quadratic,
        long totalSteps,
        @Nullable Falls falls) {
    /** Every n = {@code steps} steps the rate is r = {@code rate} times what it was. */
    public record Falls(long steps, double rate) {}

    /** With a cosine. */
    public Schedule(double lr, double minLr, double warmupLr, long warmupSteps, boolean quadratic, long totalSteps) {
        this(lr, minLr, warmupLr, warmupSteps, quadratic, totalSteps, null);
    }

    public static Schedule of(Recipe recipe, long stepsPerEpoch) {
        return new Schedule(
                recipe.number("lr"),
                recipe.number("min_lr"),
                recipe.number("warmup_lr"),
                Math.round(recipe.number("warmup_epochs") * stepsPerEpoch),
                recipe.text("warmup").equals("quadratic"),
                stepsPerEpoch * recipe.epochs(),
                recipe.text("sched").equals("step")
                        ? new Falls(
                                Math.max(1, Math.round(recipe.number("decay_epochs") * stepsPerEpoch)),
                                recipe.number("decay_rate"))
                        : null);
    }

    /** @param step from 0 */
    public double at(long step) {
        if (step < warmupSteps) {
            if (!quadratic) {
                return warmupLr + (lr - warmupLr) * step / Math.max(1, warmupSteps - 1);
            }
            double left = 1 - (double) step / Math.max(1, warmupSteps - 1);
            return warmupLr + (lr - warmupLr) * (1 - left * left);
        }
        if (falls != null) {
            return lr * Math.pow(falls.rate, Math.floorDiv(step, falls.steps));
        }
        double progress = (double) (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
        return minLr + 0.5 * (lr - minLr) * (1 + Math.cos(Math.PI * Math.min(1, progress)));
    }
}
