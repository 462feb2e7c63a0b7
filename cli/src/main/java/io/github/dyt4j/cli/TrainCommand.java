package io.github.dyt4j.cli;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.lab.Variant;
import io.github.dyt4j.training.DryRun;
import io.github.dyt4j.training.Recipe;
import io.github.dyt4j.training.StopSignal;
import io.github.dyt4j.training.Trainer;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dyt4j train RECIPE}: one run; the same command goes on with a run that was stopped. */
@Command(
        name = "train",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Trains one run, or goes on with it: stop it with Ctrl-C or a kill, and type the same command again.")
final class TrainCommand implements Callable<Integer> {
    private static final int INTERRUPTED = 130;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "RECIPE", description = "A recipe's name (dyt4j list recipes) or a YAML file.")
    private String recipe = "";

    @Option(
            names = "--norm",
            paramLabel = "SPEC",
            description = "What sits in every norm slot, as dyt or 'dyt(alpha=0.8)'.")
    private @Nullable String norm;

    @Option(
            names = "--method",
            paramLabel = "NAME",
            description = "A way to train without any norm, in its place: fixup, skipinit or sigmareparam.")
    private @Nullable String method;

    @Option(
            names = "--seed",
            paramLabel = "N",
            description = "Of weights, data order and augmentation. Default: the recipe's.")
    private @Nullable Integer seed;

    @Mixin
    private RecipeOptions options = new RecipeOptions();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description = "The run's folder. Default: runs/ and the recipe's name and hash.")
    private @Nullable Path out;

    @Option(
            names = "--dry-run",
            description = "Says what the run would take (parameters, norm sites, memory, time), and trains nothing.")
    private boolean dryRun;

    @Override
    public Integer call() throws IOException {
        Recipe resolved = options.apply(recipe);
        if (norm != null && method != null) {
            throw new UserError("--method " + method + " stands in the place of every norm: leave --norm " + norm
                    + " away, or --method.");
        }
        if (norm != null) {
            resolved = Variant.norm(norm).in(resolved);
        }
        if (method != null) {
            resolved = Variant.method(method).in(resolved);
        }
        if (seed != null) {
            resolved = resolved.with("seed", seed);
        }
        if (dryRun) {
            PrintWriter answer = spec.commandLine().getOut();
            DryRun.of(resolved).lines().forEach(answer::println);
            answer.flush();
            return 0;
        }
        Path folder = out == null ? Path.of("runs", resolved.toString()) : out;
        try (StopSignal stop = StopSignal.open();
                Display display = Display.open(spec.commandLine().getErr(), Commands.typed(spec))) {
            return Trainer.train(resolved, folder, display.progress(), stop).isPresent() ? 0 : INTERRUPTED;
        }
    }
}
