package io.github.dyt4j.training;

import io.github.dyt4j.formats.UserError;

/**
 * Where epochs begin and end. Without {@code steps_per_epoch} an epoch is one pass over the data, and its last batches that do not fill a
 * step are left out. With it, an epoch is that many optimizer steps, and the data go on from epoch to epoch and from pass to pass.
 *
 * @param steps optimizer steps of an epoch
 * @param batches of an epoch, those that are left out too
 */
public record Epochs(int count, int steps, int batches, int gradAccumSteps) {
    /**
     * @param batchesOfData whole batches in one pass over the data
     * @throws UserError if that is less than a step
     */
    public static Epochs of(Recipe recipe, int batchesOfData) {
        int accumulated = recipe.gradAccumSteps();
        if (recipe.has("steps_per_epoch")) {
            int steps = recipe.integer("steps_per_epoch");
            return new Epochs(recipe.epochs(), steps, Math.multiplyExact(steps, accumulated), accumulated);
        }
        if (batchesOfData < accumulated) {
            throw new UserError("The training data has " + batchesOfData + " batches of " + recipe.batchSize()
                    + ", fewer than the " + accumulated + " of grad_accum_steps.");
        }
        return new Epochs(recipe.epochs(), batchesOfData / accumulated, batchesOfData, accumulated);
    }

    public long totalSteps() {
        return (long) steps * count;
    }

    /** Where the data stand before a step: batches since the first of the first epoch. */
    long batchOf(long step) {
        return step / steps * batches + step % steps * gradAccumSteps;
    }

    /** The batches at an epoch's end that do not fill a step. */
    int remainder() {
        return batches % gradAccumSteps;
    }
}
