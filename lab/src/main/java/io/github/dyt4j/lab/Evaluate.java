package io.github.dyt4j.lab;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.TorchRuntime;
import io.github.dyt4j.torch.Weights;
import io.github.dyt4j.training.Evaluation;
import io.github.dyt4j.training.Objective;
import io.github.dyt4j.training.Recipe;
import io.github.dyt4j.training.Task;
import io.github.dyt4j.training.run.Checkpoint;
import io.github.dyt4j.training.run.FileStore;
import io.github.dyt4j.training.run.RunTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * A trained model judged once more: the averaged weights where the recipe averages them, else the model's own.
 *
 * @param checkpoint whose weights they are
 * @param data a line or two for people
 * @param bitsPerByte the loss of text whatever its tokenizer; nothing for images
 */
public record Evaluate(
        Recipe recipe,
        Path checkpoint,
        String data,
        Objective.Metric metric,
        Evaluation evaluation,
        OptionalDouble bitsPerByte) {

    /**
     * Judges a run's newest whole checkpoint, or the checkpoint in this folder. Writes nothing and takes no lock: the run may be going on.
     *
     * @param data other data than the recipe's, whose test set or held-out part is judged on; null for the recipe's
     * @throws UserError if it is neither a run nor a checkpoint, or its weights do not fit the recipe or the data
     */
    public static Evaluate of(Path runOrCheckpoint, @Nullable Path data) throws IOException {
        Path checkpoint = checkpoint(runOrCheckpoint);
        Recipe recipe = Recipe.read(run(checkpoint).resolve("recipe.yaml"));
        if (data != null) {
            recipe = recipe.with("data", data.toString());
        }
        TorchRuntime.start(recipe.integer("threads"));
        try (Task task = Task.of(recipe)) {
            String weights = recipe.has("ema_decay") ? RunTensors.EMA : RunTensors.MODEL;
            Weights.load(checkpoint.resolve(weights), task.model().parameters().state(), true);
            Evaluation evaluation = Evaluation.of(task, recipe.bf16());
            return new Evaluate(
                    recipe,
                    checkpoint,
                    task.describe(),
                    task.objective().metric(),
                    evaluation,
                    task.bitsPerByte(evaluation.loss()));
        }
    }

    private static Path checkpoint(Path path) throws IOException {
        if (Files.exists(path.resolve("recipe.yaml"))) {
            return new Checkpoint(new FileStore(), path.resolve("checkpoints"), "step", 1)
                    .latest()
                    .orElseThrow(() -> new UserError("The run " + path + " has no whole checkpoint yet."))
                    .folder();
        }
        if (Files.exists(path.resolve(RunTensors.MODEL))) {
            if (!Files.exists(run(path).resolve("recipe.yaml"))) {
                throw new UserError("The checkpoint " + path + " is not in its run: there is no "
                        + run(path).resolve("recipe.yaml") + ", which says what model it is.");
            }
            return path;
        }
        throw new UserError(path
                + (Files.exists(path)
                        ? " is neither a run (no recipe.yaml) nor a checkpoint (no " + RunTensors.MODEL + ")."
                        : ": there is no such run or checkpoint."));
    }

    /** RUN/checkpoints/step-N is in RUN. */
    private static Path run(Path checkpoint) {
        return checkpoint.resolve("../..").normalize();
    }
}
