package io.github.dyt4j.training;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.AudioConfig;
import io.github.dyt4j.models.DiffusionTransformer;
import io.github.dyt4j.models.DnaConfig;
import io.github.dyt4j.models.ImageConfig;
import io.github.dyt4j.models.Llama;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.models.ModelConfig;
import io.github.dyt4j.models.Models;
import io.github.dyt4j.models.VisionTransformer;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.TorchRuntime;
import io.github.dyt4j.training.data.Latents;
import java.util.Arrays;
import java.util.List;
import java.util.SequencedMap;

/**
 * A recipe's task before its model is built: the data, opened, and the model's sizes with what the data decide put in. Which task it is, the
 * kind of the model says: images go to a vision transformer, text to a language model, DNA to HyenaDNA or Caduceus, speech to wav2vec 2.0.
 */
public sealed interface TaskSetup extends AutoCloseable
        permits ImageSetup, LatentSetup, AudioSetup, TextSetup, GenomeSetup, SequenceSetup {
    /**
     * Opens the recipe's data.
     *
     * @throws UserError for a mistake in the recipe or the data
     */
    static TaskSetup of(Recipe recipe) {
        return switch (config(recipe)) {
            case DiffusionTransformer.Config _ when Latents.named(recipe.data()) -> LatentSetup.open(recipe);
            case ImageConfig _ -> ImageSetup.open(recipe);
            case DnaConfig c -> DnaSetup.open(recipe, c);
            case AudioConfig _ -> AudioSetup.open(recipe);
            case Llama.Config _ -> TextSetup.open(recipe);
        };
    }

    /**
     * What a recipe is tried on when it is timed and not trained: its data, or noise of the model's shape where those are not on this machine.
     *
     * @param examples of noise, where it is noise
     */
    static TaskSetup trial(Recipe recipe, int examples) {
        return switch (config(recipe)) {
            case DiffusionTransformer.Config _ when Latents.named(recipe.data()) -> LatentSetup.trial(recipe, examples);
            case ImageConfig c -> ImageSetup.trial(recipe, c, examples);
            case DnaConfig c -> DnaSetup.trial(recipe, c, examples);
            case AudioConfig c -> AudioSetup.trial(recipe, c, examples);
            case Llama.Config c -> TextSetup.trial(recipe, c, examples);
        };
    }

    /** @throws UserError where the recipe's model does not take its norm, saying why */
    static void requireNorm(Recipe recipe) {
        config(recipe);
    }

    private static ModelConfig config(Recipe recipe) {
        SequencedMap<String, Object> arguments = recipe.modelArguments();
        if ("classes".equals(arguments.get("head"))) {
            arguments.putIfAbsent("num_classes", 2); // until the data say how many
        }
        ModelConfig config = Models.config(recipe.model(), arguments);
        if (recipe.has("layer_decay") && !(config instanceof VisionTransformer.Config)) {
            throw new UserError("layer_decay is for vision transformers, whose layers it knows, and " + recipe.model()
                    + " is none: leave it away.");
        }
        config.require(NormSpec.parse(recipe.norm()));
        return config;
    }

    /** Refuses keys that are set and mean nothing to this task. */
    static void refuse(Recipe recipe, List<String> keys, String theirs, String own) {
        for (String key : keys) {
            if (recipe.sets(key)) {
                throw new UserError(key + " is for " + theirs + ", and " + recipe.model() + " learns from " + own
                        + ": leave it away.");
            }
        }
    }

    /** Refuses keys that are set and mean something to other objectives alone. */
    static void refuseForeign(Recipe recipe, KeyUse... own) {
        for (KeyUse use : KeyUse.values()) {
            if (!Arrays.asList(own).contains(use)) {
                for (String key : use.keys()) {
                    if (recipe.sets(key)) {
                        throw new UserError(key + " is for " + use.whose() + ", and " + recipe.model()
                                + " has no use for it: leave it away.");
                    }
                }
            }
        }
    }

    Recipe recipe();

    ModelConfig config();

    /** Whether the data are noise, since the recipe's own are not on this machine. */
    boolean noise();

    /** What the data are, a line or two for people. */
    String describe();

    Examples examples();

    /** How many there are to train on. */
    long trainingExamples();

    /** About how many values a forward pass in training keeps for one example. */
    long activationCount();

    /** The same data for a recipe that differs in what the data do not depend on. */
    TaskSetup with(Recipe changed);

    /** The task with this model, which it owns from then on, as it owns the data. */
    Task task(Model model);

    /** Whole batches of one pass over the training data. */
    default int batchesPerEpoch() {
        return Math.toIntExact(trainingExamples() / recipe().batchSize());
    }

    /** @throws UserError where the data do not fill a batch, or a step */
    default Epochs epochs() {
        if (batchesPerEpoch() == 0) {
            throw new UserError(trainingExamples() + " training " + examples().many()
                    + (examples().tokens() == 0 ? "" : " of " + examples().tokens() + " tokens")
                    + " do not fill one batch of " + recipe().batchSize() + ".\nTake a smaller batch_size.");
        }
        return Epochs.of(recipe(), batchesPerEpoch());
    }

    /**
     * Builds the model, with initial weights that the recipe's seed alone decides. Closing the task closes the data; where it cannot be built,
     * they are closed at once.
     *
     * @throws UserError where this machine cannot hold it, or the data do not fill a batch
     */
    default Task build() {
        Model model = null;
        try {
            Footprint.of(this).require(recipe());
            epochs();
            TorchRuntime.seed(recipe().seed());
            model = config().create(NormSpec.parse(recipe().norm()));
            return task(model);
        } catch (RuntimeException | Error e) {
            if (model != null) {
                model.close();
            }
            close();
            throw e;
        }
    }

    @Override
    void close();
}
