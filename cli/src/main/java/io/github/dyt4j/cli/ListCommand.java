package io.github.dyt4j.cli;

import io.github.dyt4j.formats.Nearest;
import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.Models;
import io.github.dyt4j.torch.NormFunction;
import io.github.dyt4j.training.Recipes;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dyt4j list [models|recipes|norms]}: the names that can be typed. */
@Command(name = "list", mixinStandardHelpOptions = true, description = "The models, recipes and norms there are.")
final class ListCommand implements Callable<Integer> {
    private static final List<String> KINDS = List.of("models", "recipes", "norms");

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(arity = "0..1", paramLabel = "models|recipes|norms", description = "Only these.")
    private @Nullable String kind;

    @Override
    public Integer call() {
        if (kind != null && !KINDS.contains(kind)) {
            throw new UserError("list: there is no list of '" + kind + "'; there are models, recipes and norms."
                    + Nearest.hint(kind, KINDS));
        }
        PrintWriter out = spec.commandLine().getOut();
        if (kind == null || kind.equals("models")) {
            out.println("Models (a recipe's model: timm's names for images, llama* for text)");
            Models.names().forEach(name -> out.println("  " + name));
        }
        if (kind == null || kind.equals("recipes")) {
            out.println((kind == null ? "\n" : "") + "Recipes (or the path of a YAML file)");
            Recipes.all().forEach((name, recipe) -> {
                out.printf("  %s%n", name);
                recipe.header().lines().forEach(line -> out.println("      " + line));
            });
        }
        if (kind == null || kind.equals("norms")) {
            out.println((kind == null ? "\n" : "")
                    + "Norms (--norm, or a recipe's norm:), as NAME or 'NAME(option=value, ...)'");
            for (NormFunction norm : NormFunction.values()) {
                out.printf("  %-10s %s%n", norm.key(), norm.formula());
                if (!norm.optionNames().isEmpty()) {
                    out.println("             options: " + String.join(", ", norm.optionNames()));
                }
            }
        }
        out.flush();
        return 0;
    }
}
