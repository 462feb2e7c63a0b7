package io.github.dyt4j.training;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.DnaConfig;
import io.github.dyt4j.models.Overrides;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Which of a model of DNA's two tasks a recipe has, and what they share. */
final class DnaSetup {
    private DnaSetup() {}

    static TaskSetup open(Recipe recipe, DnaConfig config) {
        return config.numClasses() == 0 ? GenomeSetup.open(recipe, config) : SequenceSetup.open(recipe, config);
    }

    static TaskSetup trial(Recipe recipe, DnaConfig config, int examples) {
        return config.numClasses() == 0
                ? GenomeSetup.trial(recipe, config, examples)
                : SequenceSetup.trial(recipe, config, examples);
    }

    static void refuseText(Recipe recipe) {
        if (recipe.data().equals("jdk")) {
            throw new UserError("The data jdk are text, and " + recipe.model() + " learns from DNA.\n"
                    + "Set data to FASTA or to labelled sequences, or leave it away for those that come with dyt4j.");
        }
    }

    /** Whether the recipe's data are on this machine. */
    static boolean there(Recipe recipe) {
        return (recipe.data().equals("builtin") || Files.exists(Path.of(recipe.data())))
                && (!recipe.has("intervals") || Files.exists(Path.of(recipe.text("intervals"))));
    }

    /** About how many values a forward pass keeps for a sequence of this length. */
    static long activations(Recipe recipe, DnaConfig config, int length) {
        return config.with(new Overrides(recipe.model(), Map.of("l_max", length)))
                .activationCount();
    }
}
