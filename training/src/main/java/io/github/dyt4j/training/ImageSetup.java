package io.github.dyt4j.training;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.ImageConfig;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.models.Models;
import io.github.dyt4j.training.data.Image;
import io.github.dyt4j.training.data.ImageData;
import io.github.dyt4j.training.data.ImageDataset;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.stream.IntStream;

/** Images and their classes, and a model with as many channels and classes as they have. */
record ImageSetup(Recipe recipe, ImageData data, ImageConfig config, boolean noise) implements TaskSetup {
    static ImageSetup open(Recipe recipe) {
        TaskSetup.refuse(recipe, RecipeKeys.ofText(), "text", "images");
        if (recipe.data().equals("jdk")) {
            throw new UserError("The data jdk are text, and " + recipe.model() + " learns from images.\n"
                    + "Set data to a folder of images, or leave it away for those that come with dyt4j.");
        }
        ImageData data = recipe.data().equals("builtin")
                ? ImageData.builtIn()
                : ImageData.open(Path.of(recipe.data()), recipe.skipBad());
        if (data.classes().size() < 2) {
            throw new UserError("There is one class alone in " + recipe.data() + " ("
                    + data.classes().getFirst() + "): there is nothing to tell apart.\n"
                    + "A class is a folder of images; at least two are needed.");
        }
        return of(recipe, data);
    }

    static ImageSetup trial(Recipe recipe, ImageConfig config, int images) {
        if (recipe.data().equals("builtin") || Files.exists(Path.of(recipe.data()))) {
            return open(recipe);
        }
        ImageData noise = SyntheticImages.data(images, config.imgSize(), config.inChans(), config.numClasses());
        return new ImageSetup(recipe, noise, config, true);
    }

    static ImageSetup of(Recipe recipe, ImageData data) {
        SequencedMap<String, Object> arguments = recipe.modelArguments();
        arguments.putIfAbsent("in_chans", channels(data.train()));
        int classes = data.classes().size();
        int outputs = (int) arguments.computeIfAbsent("num_classes", _ -> classes);
        if (outputs < classes) {
            throw new UserError("num_classes is " + outputs + ", but the data has " + classes + " classes.\n"
                    + "Leave num_classes away, and it is taken from the data.");
        }
        return new ImageSetup(recipe, data, (ImageConfig) Models.config(recipe.model(), arguments), false);
    }

    /** Of the first few images: a coloured set may begin with a grey one. */
    private static int channels(ImageDataset images) {
        return IntStream.range(0, Math.min(16, images.size()))
                .mapToObj(images::tryImage)
                .flatMap(Optional::stream)
                .mapToInt(Image::channels)
                .max()
                .orElse(3);
    }

    @Override
    public String describe() {
        return noise ? data.train().describe() : data.describe();
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
    public ImageSetup with(Recipe changed) {
        return new ImageSetup(changed, data, config, noise);
    }

    @Override
    public Task task(Model model) {
        return new ClassificationTask(this, model);
    }

    @Override
    public void close() {
        // images are read file by file, and nothing stays open
    }
}
