package io.github.dyt4j.cli;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.lab.bench.ModelBench;
import io.github.dyt4j.lab.bench.ModelPlan;
import io.github.dyt4j.torch.NormSpec;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dyt4j bench model [RECIPE]}: a whole training step with each norm, and what share of it the norms are. */
@Command(
        name = "model",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Times a recipe's whole training step with each norm in turn, and says what share of it the norms are.")
final class BenchModelCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            arity = "0..1",
            paramLabel = "RECIPE",
            defaultValue = "vit-mini",
            description = "A recipe's name (see list recipes) or a YAML file. Default: vit-mini.")
    private String recipe = "vit-mini";

    @Option(
            names = "--norm",
            paramLabel = "SPEC",
            description =
                    "A norm to time; repeat it, the baseline first. Default: LayerNorm in its forms, RMSNorm, DyT, Derf, identity.")
    private List<String> norms = List.of();

    @Option(
            names = "--seconds",
            paramLabel = "S",
            description = "Seconds of measurement for all norms, beside warming up. Default: 30.")
    private double seconds = 30;

    @Mixin
    private RecipeOptions options = new RecipeOptions();

    @Mixin
    private BenchOutput output = new BenchOutput();

    @Override
    public Integer call() throws IOException {
        if (!(seconds > 0) || seconds > 3600) {
            throw new UserError("--seconds " + seconds + ": give more than 0 and at most 3600.");
        }
        List<NormSpec> specs = norms.isEmpty()
                ? ModelPlan.NORMS
                : norms.stream().map(NormSpec::parse).distinct().toList();
        ModelPlan plan = new ModelPlan(options.apply(recipe), specs, seconds, Commands.typed(spec));
        output.check();
        PrintWriter err = spec.commandLine().getErr();
        output.write(
                ModelBench.run(plan, note -> {
                    err.println("bench: " + note);
                    err.flush();
                }),
                spec.commandLine().getOut());
        return 0;
    }
}
