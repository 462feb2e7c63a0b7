package io.github.dyt4j.lab;

import io.github.dyt4j.torch.TorchRuntime;
import io.github.dyt4j.torch.Weights;
import io.github.dyt4j.training.Evaluation;
import io.github.dyt4j.training.Objective;
import io.github.dyt4j.training.Recipe;
import io.github.dyt4j.training.Task;
import io.github.dyt4j.training.TrainedRun;
import io.github.dyt4j.training.run.RunResult;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * A trained model judged once more: the averaged weights where the recipe averages them, else the model's own.
 *
 * @param checkpoint whose weights they are
 * @param data a line or two for people
 * @param bitsPerByte the loss of text whatever its tokenizer; nothing for images
 * @param extras what else was measured
 */
public record Evaluate(
        Recipe recipe,
        Path checkpoint,
        String data,
        Objective.Metric metric,
        Evaluation evaluation,
        OptionalDouble bitsPerByte,
        List<RunResult.Extra> extras) {

    /**
     * Judges a run's newest whole checkpoint, or the checkpoint in this folder. Writes nothing and takes no lock: the run may be going on.
     *
     * @param data other data than the recipe's, whose test set or held-out part is judged on; null for the recipe's
     * @throws io.github.dyt4j.formats.UserError if it is neither a run nor a checkpoint, or its weights do not fit the recipe or the data
     */
    public static Evaluate of(Path runOrCheckpoint, @Nullable Path data) throws IOException {
        TrainedRun run = TrainedRun.of(runOrCheckpoint);
        Recipe recipe = run.recipe();
        if (data != null) {
            recipe = run.withOwnTokenizer().with("data", data.toString());
        }
        TorchRuntime.start(recipe.integer("threads"));
        try (Task task = Task.of(recipe)) {
            if (data != null) {
                run.requireClasses(task.setup());
            }
            Weights.load(run.weights(), task.model().parameters().state(), true);
            Evaluation evaluation = task.evaluate();
            return new Evaluate(
                    recipe,
                    run.checkpoint(),
                    task.describe(),
                    task.objective().metric(),
                    evaluation,
                    task.bitsPerByte(evaluation.loss()),
                    RunResult.extras(task.objective().extraMetrics(), evaluation.extras()));
        }
    }
}
