package io.github.dyt4j.training;

import io.github.dyt4j.models.Models;
import io.github.dyt4j.training.data.ImageData;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** What a recipe is tried on when it is timed and not trained: its data, or noise of the model's shape where the data is not there. */
final class ProbeData {
    private ProbeData() {}

    /** Whether the recipe's data is on this machine. */
    static boolean there(Recipe recipe) {
        return recipe.data().equals("builtin") || Files.exists(Path.of(recipe.data()));
    }

    /** @param images of noise, where it is noise */
    static ImageData of(Recipe recipe, int images) {
        if (there(recipe)) {
            return ClassificationTask.open(recipe);
        }
        Map<String, Object> arguments = recipe.modelArguments();
        long[] shape = Models.inputShape(recipe.model(), arguments);
        int classes = Models.numClasses(recipe.model(), arguments);
        return SyntheticImages.data(images, (int) shape[1], (int) shape[0], classes);
    }
}
