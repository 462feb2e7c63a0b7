package io.github.dyt4j.training;

import io.github.dyt4j.torch.Autocast;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Norms;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.TorchRuntime;
import java.util.ArrayList;
import java.util.List;

/**
 * A recipe's training step, to be timed: the steps of {@link Trainer} over a few batches that were decoded beforehand, with a tiny
 * learning rate, without an averaged model, checkpoints and metrics.
 */
public final class StepProbe implements AutoCloseable {
    private static final double LR = 1e-6;

    private final Recipe recipe;
    private final Task task;
    private final TrainingStep step;
    private final boolean ownsTask;
    private final List<Batch> batches = new ArrayList<>();
    private int next;
    private long steps;

    /** On the recipe's data, or on noise of the model's shape where those are not there. Threads are set before, by {@link TorchRuntime#start}. */
    public static StepProbe of(Recipe recipe) {
        int batches = 2;
        TaskSetup setup = TaskSetup.trial(recipe, batches * recipe.batchSize());
        return new StepProbe(recipe, setup.build(), batches, true);
    }

    /** With a task that its owner closes. */
    StepProbe(Recipe recipe, Task task, int batches) {
        this(recipe, task, batches, false);
    }

    private StepProbe(Recipe recipe, Task task, int batches, boolean ownsTask) {
        this.ownsTask = ownsTask;
        this.recipe = recipe;
        this.task = task;
        Calibration.set(task, recipe);
        task.model().parameters().training(true);
        step = TrainingStep.of(recipe, task);
        try (Batches from = task.training(0);
                var _ = new Scope()) {
            for (int i = 0; i < batches; i++) {
                this.batches.add(from.next().keep());
            }
        }
    }

    /** One step, its accumulated passes too. */
    public void step() {
        Moment moment = new Moment(steps++, Integer.MAX_VALUE, Integer.MAX_VALUE);
        step.begin(moment);
        for (int i = 0; i < recipe.gradAccumSteps(); i++) {
            TorchRuntime.seed(StepSeed.of(recipe.seed(), next));
            try (var _ = new Scope()) {
                step.backward(batches.get(next++ % batches.size()));
            }
        }
        step.clip(moment);
        step.update(moment, LR);
    }

    /** The model's norm slots. */
    public Norms norms() {
        return task.model().norms();
    }

    /** The model's forward alone, on a batch: what taps look at. */
    public void forward() {
        try (var _ = new Scope();
                var _ = Grad.off();
                var _ = Autocast.bf16(recipe.bf16())) {
            task.objective().forward(task.model(), batches.getFirst());
        }
    }

    @Override
    public void close() {
        step.optimizer().close();
        batches.forEach(Batch::release);
        if (ownsTask) {
            task.close();
        }
    }
}
