package io.github.dyt4j.training;

import io.github.dyt4j.torch.AdamW;
import io.github.dyt4j.torch.Autocast;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Optimizer;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Sgd;
import io.github.dyt4j.torch.Subnormals;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** What a training step does to a model: batch → model → loss → backward, then clip → optimizer. */
record TrainingStep(Recipe recipe, Task task, Optimizer optimizer) {
    /** With the recipe's optimizer. */
    static TrainingStep of(Recipe recipe, Task task) {
        List<AdamW.Group> groups = ParameterGroups.of(task.model(), recipe);
        Optimizer optimizer = recipe.text("opt").equals("sgd")
                ? new Sgd(groups, recipe.number("momentum"))
                : new AdamW(
                        groups,
                        recipe.numbers("betas").get(0),
                        recipe.numbers("betas").get(1),
                        recipe.number("eps"));
        return new TrainingStep(recipe, task, optimizer);
    }

    /** Begins an optimizer step. */
    void begin(Moment moment) {
        task.objective().before(task.model(), moment);
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

    /** Has the update clip the gradients as the recipe says, and returns their norm before that. */
    double clip(Moment moment) {
        task.objective().afterBackward(task.model(), moment);
        double most = recipe.optionalNumber("clip_grad").orElse(0);
        if (!recipe.text("clip_mode").equals("parameter")) {
            return optimizer.clip(most);
        }
        double norm = optimizer.clip(0);
        if (most > 0) {
            task.model().parameters().trainable().values().forEach(p -> clip(p, most));
        }
        return norm;
    }

    /** One parameter's gradient by its own norm, as the authors of DINO do. */
    private static void clip(Tensor parameter, double most) {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            Tensor g = parameter.grad();
            double coefficient = g.defined() ? most / (g.norm().item_double() + 1e-6) : 1;
            if (coefficient < 1) {
                g.mul_(new Scalar(coefficient));
            }
        }
    }

    /** Goes down the gradients, then forgets them. */
    void update(Moment moment, double lr) {
        double start = recipe.number("weight_decay");
        double decay =
                recipe.has("weight_decay_end") ? moment.cosine(start, recipe.number("weight_decay_end")) / start : 1;
        optimizer.step(lr, decay);
        task.model().parameters().zeroGrad();
        task.objective().after(task.model(), moment);
    }
}
