package io.github.dyt4j.training;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.DiffusionTransformer;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.models.Models;
import io.github.dyt4j.training.data.Latents;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SequencedMap;

/** Latents of images from a file, and a diffusion transformer of their shape with as many classes as they have. */
record LatentSetup(Recipe recipe, Latents data, DiffusionTransformer.Config config, boolean noise)
        implements TaskSetup {
    LatentSetup {
        DiffusionTask.require(recipe, config, false);
    }

    /** Keys that speak of pixels. */
    private static final List<String> OF_PIXELS =
            List.of("scale", "ratio", "interpolation", "crop_pct", "mean", "std", "hflip", "skip_bad");

    static LatentSetup open(Recipe recipe) {
        TaskSetup.refuse(recipe, RecipeKeys.ofText(), "text", "latents");
        TaskSetup.refuse(recipe, OF_PIXELS, "pixels", "latents");
        TaskSetup.refuseForeign(recipe, KeyUse.SAMPLES);
        Latents data = Latents.open(Path.of(recipe.data()));
        try {
            return of(recipe, data);
        } catch (RuntimeException | Error e) {
            data.close();
            throw e;
        }
    }

    static LatentSetup trial(Recipe recipe, int count) {
        if (Files.exists(Path.of(recipe.data()))) {
            return open(recipe);
        }
        DiffusionTransformer.Config c = config(recipe, recipe.modelArguments());
        return new LatentSetup(recipe, Latents.noise(count, c.inChans(), c.imgSize(), c.numClasses()), c, true);
    }

    private static LatentSetup of(Recipe recipe, Latents data) {
        SequencedMap<String, Object> arguments = recipe.modelArguments();
        int channels = (int) arguments.computeIfAbsent("in_chans", _ -> data.channels());
        int side = (int) arguments.computeIfAbsent("img_size", _ -> data.side());
        if (channels != data.channels() || side != data.side()) {
            throw new UserError(
                    "The latents in " + recipe.data() + " are " + data.channels() + " x " + data.side() + " x "
                            + data.side() + ", and the model takes " + channels + " x " + side + " x " + side
                            + ".\nLeave in_chans and img_size away, and they are taken from the file.");
        }
        int classes = (int) arguments.computeIfAbsent("num_classes", _ -> data.classes());
        if (classes < data.classes()) {
            throw new UserError("num_classes is " + classes + ", but " + recipe.data() + " has the label "
                    + (data.classes() - 1) + ".\nLeave num_classes away, and it is taken from the labels.");
        }
        return new LatentSetup(recipe, data, config(recipe, arguments), false);
    }

    private static DiffusionTransformer.Config config(Recipe recipe, SequencedMap<String, Object> arguments) {
        return (DiffusionTransformer.Config) Models.config(recipe.model(), arguments);
    }

    @Override
    public String describe() {
        return data.describe();
    }

    @Override
    public Examples examples() {
        return Examples.IMAGES;
    }

    @Override
    public long trainingExamples() {
        return data.train().size();
    }

    @Override
    public long activationCount() {
        return config.activationCount();
    }

    @Override
    public LatentSetup with(Recipe changed) {
        return new LatentSetup(changed, data, config, noise);
    }

    @Override
    public Task task(Model model) {
        return new DiffusionTask(this, (DiffusionTransformer) model, new LatentData(this));
    }

    @Override
    public void close() {
        data.close();
    }
}
