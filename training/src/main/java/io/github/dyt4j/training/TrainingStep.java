package io.github.dyt4j.training;

import io.github.dyt4j.torch.AdamW;
import io.github.dyt4j.torch.Autocast;
import io.github.dyt4j.torch.Subnormals;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** What a training step does to a model: batch → model → loss → backward, then clip → AdamW. */
record TrainingStep(Recipe recipe, Task task, AdamW optimizer) {
    /** AdamW as the recipe has it. */
    static TrainingStep of(Recipe recipe, Task task) {
        return new TrainingStep(
                recipe,
                task,
                new AdamW(
                        ParameterGroups.of(task.model(), recipe),
                        recipe.numbers("betas").get(0),
                        recipe.numbers("betas").get(1),
                        recipe.number("eps")));
    }

    /** Adds the gradients of one batch, scaled for the mean over all that the step accumulates; returns its loss. Needs an open scope. */
    double backward(Batch batch) {
        try (var _ = Subnormals.flushed()) {
            Tensor loss = loss(batch);
            loss.mul(new Scalar(1.0 / recipe.gradAccumSteps())).backward();
            return loss.item_double();
        }
    }

    private Tensor loss(Batch batch) {
        try (var _ = Autocast.bf16(recipe.bf16())) {
            return task.objective().loss(task.model(), batch);
        }
    }

    /** Has the update clip the gradients as the recipe says, and returns their norm. */
    double clip() {
        return optimizer.clip(recipe.optionalNumber("clip_grad").orElse(0));
    }

    /** Goes down the gradients, then forgets them. */
    void update(double lr) {
        optimizer.step(lr);
        task.model().parameters().zeroGrad();
    }
}
