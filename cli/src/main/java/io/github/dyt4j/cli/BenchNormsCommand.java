package io.github.dyt4j.cli;

import io.github.dyt4j.formats.Nearest;
import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.lab.bench.Direction;
import io.github.dyt4j.lab.bench.NormsBench;
import io.github.dyt4j.lab.bench.NormsPlan;
import io.github.dyt4j.lab.bench.Shape;
import io.github.dyt4j.torch.NormSpec;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dyt4j bench norms}: every norm's forward and backward, and the goals. */
@Command(
        name = "norms",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Times the norms, as kernels and inside autograd, beside libtorch's and the machine's bandwidth; in about five minutes.")
final class BenchNormsCommand implements Callable<Integer> {
    private static final List<String> LEVELS = List.of("kernel", "layer", "all");
    private static final int FORKS = 2;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--norm",
            paramLabel = "SPEC",
            description =
                    "A norm to time; repeat it, the baseline first. Default: all, libtorch's LayerNorm as baseline, and the goals.")
    private List<String> norms = List.of();

    @Option(
            names = "--shape",
            paramLabel = "ROWSxWIDTH",
            description =
                    "Tokens and channels; repeat it. Default: 8192x384, and for the goals 4096x192, 8192x384, 8192x768, 2048x4096, 1088x64, 64x64.")
    private List<String> shapes = List.of();

    @Option(names = "--dtype", paramLabel = "TYPE", description = "f32 or bf16. Default: f32.")
    private String dtype = "f32";

    @Option(
            names = "--direction",
            paramLabel = "WAY",
            description = "forward, backward or both (one after the other). Default: each; both for layers.")
    private @Nullable String direction;

    @Option(names = "--threads", paramLabel = "N", description = "Threads. Default: all cores.")
    private @Nullable Integer threads;

    @Option(
            names = "--level",
            paramLabel = "LEVEL",
            description = "kernel (no autograd), layer (inside autograd, a process each) or all. Default: all.")
    private String level = "all";

    @Option(names = "--goals-only", description = "Nothing but what the goals are about.")
    private boolean goalsOnly;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            description = "Seconds of measurement for each shape, beside warming up. Default: 3.")
    private double seconds = 3;

    @Mixin
    private BenchOutput output = new BenchOutput();

    @Override
    public Integer call() throws IOException {
        NormsPlan plan = plan();
        output.check();
        PrintWriter err = spec.commandLine().getErr();
        plan.warnings().forEach(err::println);
        err.flush();
        output.write(
                NormsBench.run(plan, note -> {
                    err.println("bench: " + note);
                    err.flush();
                }),
                spec.commandLine().getOut());
        return 0;
    }

    private NormsPlan plan() {
        if (!LEVELS.contains(level)) {
            throw new UserError(
                    "--level '" + level + "' is none of kernel, layer and all." + Nearest.hint(level, LEVELS));
        }
        if (threads != null && threads < 1) {
            throw new UserError("--threads " + threads + ": at least one thread does the work.");
        }
        if (!(seconds > 0) || seconds > 3600) {
            throw new UserError("--seconds " + seconds + ": give more than 0 and at most 3600.");
        }
        List<NormSpec> specs = norms.isEmpty()
                ? NormsPlan.NORMS
                : norms.stream().map(NormSpec::parse).distinct().toList();
        List<Shape> own = shapes.stream().map(Shape::parse).distinct().toList();
        List<Direction> directions =
                direction == null ? List.of(Direction.values()) : List.of(Direction.parse(direction));
        boolean kernel = !level.equals("layer") && !goalsOnly;
        boolean layer = !level.equals("kernel") && !goalsOnly;
        if (layer && level.equals("layer") && directions.equals(List.of(Direction.BACKWARD))) {
            throw new UserError(
                    "--direction backward: a layer has forward and both. Ask for both, or for --level kernel.");
        }
        boolean goals = !level.equals("layer") && norms.isEmpty() && direction == null && dtype.equalsIgnoreCase("f32");
        boolean whole = goals && own.isEmpty();
        return new NormsPlan(
                specs,
                own.isEmpty() ? NormsPlan.SHAPES : own,
                own.isEmpty() ? NormsPlan.GOAL_SHAPES : own,
                NormsPlan.dtype(dtype),
                directions,
                threads == null ? Runtime.getRuntime().availableProcessors() : threads,
                new NormsPlan.Levels(kernel, layer, goals, whole),
                seconds,
                FORKS,
                NormsPlan.LIMIT_ELEMENTS,
                Commands.typed(spec));
    }
}
