package io.github.dyt4j.cli;

import io.github.dyt4j.training.Recipe;
import io.github.dyt4j.training.Recipes;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What {@code train} and {@code compare} both take: changes to a recipe. */
final class RecipeOptions {
    @Option(
            names = "--data",
            paramLabel = "PATH",
            description =
                    "Images to train and test on: train/CLASS/*.jpg|png beside val/ or test/, or MNIST's IDX files. For a language model text: "
                            + "a folder, a file or a zip of texts, JSON lines or Parquet with a text field, or jdk for the JDK's sources. "
                            + "For speech a folder of clips; for DNA FASTA or labelled sequences. Default: the recipe's.")
    private @Nullable String data;

    @Option(
            names = "--init",
            paramLabel = "RUN",
            description =
                    "Begin with the weights of this run: fine-tuning. For compare also a comparison's folder, of which each norm and seed "
                            + "takes its own run.")
    private @Nullable String init;

    @Option(names = "--set", paramLabel = "K=V", description = "Sets a key of the recipe, as lr=1e-3; may be repeated.")
    private List<String> set = new ArrayList<>();

    @Option(names = "--skip-bad", description = "Go on without images or clips that cannot be read; they are named.")
    private boolean skipBad;

    /** The recipe of this name or path with what was asked for. */
    Recipe apply(String nameOrPath) {
        Recipe recipe = Recipes.find(nameOrPath);
        if (data != null) {
            recipe = recipe.with("data", data);
        }
        if (init != null) {
            recipe = recipe.with("init", init);
        }
        if (skipBad) {
            recipe = recipe.with("skip_bad=true");
        }
        for (String assignment : set) {
            recipe = recipe.with(assignment);
        }
        return recipe;
    }
}
