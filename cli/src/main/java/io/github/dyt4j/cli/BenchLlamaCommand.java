package io.github.dyt4j.cli;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.lab.bench.LlamaBench;
import io.github.dyt4j.lab.bench.LlamaPlan;
import io.github.dyt4j.lab.bench.NormsPlan;
import io.github.dyt4j.torch.NormSpec;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dyt4j bench llama}: what the norms cost in a LLaMA, by the paper's protocol, and how near it comes to the machine's limits. */
@Command(
        name = "llama",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Times a LLaMA of the true width with each norm in turn, its generation and its training step, beside what the machine could do.")
final class BenchLlamaCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--size",
            paramLabel = "NAME",
            description = "7b, 13b, 100m, mini or any LLaMA that 'dyt4j list models' shows. Default: 7b.")
    private String size = "7b";

    @Option(
            names = "--set",
            paramLabel = "K=V",
            description = "Sets an argument of the model, as num_key_value_heads=8; may be repeated.")
    private List<String> set = new ArrayList<>();

    @Option(
            names = "--norm",
            paramLabel = "SPEC",
            description =
                    "A norm to time; repeat it. Identity is always there. Default: RMSNorm and DyT, composed from libtorch's operations and fused.")
    private List<String> norms = List.of();

    @Option(
            names = "--layers",
            paramLabel = "N",
            description = "Layers to build, of the true width. Default: as many as memory and --seconds allow.")
    private @Nullable Integer layers;

    @Option(
            names = "--tokens",
            paramLabel = "N",
            description = "Tokens of a sequence. Default: 4096 as the paper, halved until a pass fits --seconds.")
    private @Nullable Integer tokens;

    @Option(names = "--batch", paramLabel = "N", description = "Sequences of a pass. Default: 1.")
    private int batch = 1;

    @Option(
            names = "--dtype",
            paramLabel = "TYPE",
            description = "bf16 or f32, of weights and gradients. Default: bf16.")
    private String dtype = "bf16";

    @Option(
            names = "--direction",
            paramLabel = "WAY",
            description = "Passes with each norm: inference, training or both. Default: both.")
    private String direction = "both";

    @Option(
            names = "--only",
            paramLabel = "WHAT",
            description = "norms, prefill, decode, step or checkpointing; repeat it. Default: all.")
    private List<String> only = List.of();

    @Option(names = "--threads", paramLabel = "N", description = "Threads. Default: all cores.")
    private @Nullable Integer threads;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            description =
                    "Seconds of measurement for each table, beside warming up; at least 12 rounds. Default: ${DEFAULT-VALUE}.")
    private double seconds = 10;

    @Option(
            names = "--step-size",
            paramLabel = "NAME",
            description = "The LLaMA of the training step. Default: 100m, or --size where that is smaller.")
    private @Nullable String stepSize;

    @Option(
            names = "--step-batch",
            paramLabel = "BATCHxTOKENS",
            description = "Sequences and tokens of a training step. Default: 4x256.")
    private @Nullable String stepBatch;

    @Mixin
    private BenchOutput output = new BenchOutput();

    @Override
    public Integer call() throws IOException {
        LlamaPlan plan = plan();
        output.check();
        PrintWriter err = spec.commandLine().getErr();
        output.write(
                LlamaBench.run(plan, note -> {
                    err.println("bench: " + note);
                    err.flush();
                }),
                spec.commandLine().getOut());
        return 0;
    }

    private LlamaPlan plan() {
        if (threads != null && threads < 1) {
            throw new UserError("--threads " + threads + ": at least one thread does the work.");
        }
        if (!(seconds > 0) || seconds > 36000) {
            throw new UserError("--seconds " + seconds + ": give more than 0 and at most 36000.");
        }
        String model = LlamaPlan.named("--size", size);
        Map<String, Object> arguments = LlamaPlan.arguments(set);
        return new LlamaPlan(
                model,
                arguments,
                norms.isEmpty()
                        ? LlamaPlan.NORMS
                        : norms.stream().map(NormSpec::parse).distinct().toList(),
                layers,
                tokens,
                batch,
                NormsPlan.dtype(dtype),
                LlamaPlan.topics(only, direction),
                threads == null ? Runtime.getRuntime().availableProcessors() : threads,
                seconds,
                LlamaPlan.Step.of(stepSize, stepBatch, model, arguments),
                Commands.typed(spec));
    }
}
