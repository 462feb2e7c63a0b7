package io.github.dyt4j.training;

/**
 * Learning rate of an optimizer step: linear from warmup_lr to lr over the W steps of warm-up, both ends included, then
 * min_lr + (lr − min_lr)·(1 + cos(π·(s − W)/(T − W)))/2 (Loshchilov and Hutter 2017, without restarts; a value a step, as in the
 * ConvNeXt training code that the DyT paper used). A pure function of the step.
 */
public record Schedule(double lr, double minLr, double warmupLr, long warmupSteps, long totalSteps) {
    public static Schedule of(Recipe recipe, long stepsPerEpoch) {
        return new Schedule(
                recipe.number("lr"),
                recipe.number("min_lr"),
                recipe.number("warmup_lr"),
                Math.round(recipe.number("warmup_epochs") * stepsPerEpoch),
                stepsPerEpoch * recipe.epochs());
    }

    /** @param step from 0 */
    public double at(long step) {
        if (step < warmupSteps) {
            return warmupLr + (lr - warmupLr) * step / Math.max(1, warmupSteps - 1);
        }
        double progress = (double) (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
        return minLr + 0.5 * (lr - minLr) * (1 + Math.cos(Math.PI * Math.min(1, progress)));
    }
}
