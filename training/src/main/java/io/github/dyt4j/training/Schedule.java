package io.github.dyt4j.training;

import org.jspecify.annotations.Nullable;

/**
 * Learning rate of an optimizer step: from warmup_lr to lr over the W steps of warm-up, both ends included, in a line u = s/(W − 1) or in
 * the parabola 1 − (1 − u)² that the DyT paper's LLaMA used; then
 * min_lr + (lr − min_lr)·(1 + cos(π·(s − W)/(T − W)))/2 (Loshchilov and Hutter 2017, without restarts; a value a step, as in the
 * ConvNeXt training code that the DyT paper used). Or it falls in steps, lr·r^⌊s/n⌋, s from the run's beginning (torch's StepLR). Or as fairseq has
 * it: in a line to min_lr (its polynomial_decay), or held until step h and then exponential, lr·r^((s − h)/(T − h)) (its tri_stage). A pure
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
        @Nullable Fall falls) {
    /** How the rate falls where it is no cosine. */
    public sealed interface Fall {}

    /** Every n = {@code steps} steps the rate is r = {@code rate} times what it was. */
    public record Falls(long steps, double rate) implements Fall {}

    /** In a line to min_lr. */
    public record Line() implements Fall {}

    /** It stays until step h = {@code until}, and ends at r = {@code rate} times what it was. */
    public record Held(long until, double rate) implements Fall {}

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
                fall(recipe, stepsPerEpoch));
    }

    private static @Nullable Fall fall(Recipe recipe, long stepsPerEpoch) {
        long steps = Math.max(1, Math.round(recipe.number("decay_epochs") * stepsPerEpoch));
        return switch (recipe.text("sched")) {
            case "step" -> new Falls(steps, recipe.number("decay_rate"));
            case "linear" -> new Line();
            case "tri_stage" -> new Held(steps, recipe.number("decay_rate"));
            default -> null;
        };
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
        double progress = Math.min(1, (double) (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps));
        return switch (falls) {
            case null -> minLr + 0.5 * (lr - minLr) * (1 + Math.cos(Math.PI * progress));
            case Falls(long steps, double rate) -> lr * Math.pow(rate, Math.floorDiv(step, steps));
            case Line() -> minLr + (lr - minLr) * (1 - progress);
            case Held(long until, double rate) ->
                lr * Math.pow(rate, (double) Math.max(0, step - until) / Math.max(1, totalSteps - until));
        };
    }
}
