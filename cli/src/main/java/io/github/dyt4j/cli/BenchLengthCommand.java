package io.github.dyt4j.cli;

import io.github.dyt4j.lab.bench.BenchFiles;
import io.github.dyt4j.lab.bench.BenchResult;
import io.github.dyt4j.lab.bench.LengthBench;
import io.github.dyt4j.lab.bench.LengthChart;
import io.github.dyt4j.lab.bench.LengthPlan;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code dyt4j bench length}: what a long sequence costs, in time and memory, by its length. */
@Command(
        name = "length",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description =
                "Times the selective scan and the FFT convolution, forward and backward, on ever longer sequences, with the peak of memory of each.")
final class BenchLengthCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--from",
            paramLabel = "N",
            description = "Tokens of the shortest sequence. Default: ${DEFAULT-VALUE}.")
    private long from = 1024;

    @Option(
            names = "--to",
            paramLabel = "N",
            description = "Tokens of the longest; between them lengths double. Default: ${DEFAULT-VALUE}.")
    private long to = 131_072;

    @Option(names = "--channels", paramLabel = "N", description = "Width of the sequence. Default: ${DEFAULT-VALUE}.")
    private int channels = 128;

    @Option(
            names = "--states",
            paramLabel = "N",
            description = "The scan's states a channel. Default: ${DEFAULT-VALUE}.")
    private int states = 16;

    @Option(names = "--threads", paramLabel = "N", description = "Threads. Default: all cores.")
    private @Nullable Integer threads;

    @Option(
            names = "--seconds",
            paramLabel = "S",
            description =
                    "Seconds of measurement for each length, beside warming up; at least 12 rounds. Default: ${DEFAULT-VALUE}.")
    private double seconds = 1;

    @Option(names = "--svg", paramLabel = "FILE", description = "Write the chart as SVG.")
    private @Nullable Path svg;

    @Mixin
    private BenchOutput output = new BenchOutput();

    @Override
    public Integer call() throws IOException {
        LengthPlan plan = new LengthPlan(
                from,
                to,
                channels,
                states,
                threads == null ? Runtime.getRuntime().availableProcessors() : threads,
                seconds,
                Commands.typed(spec));
        output.check();
        if (svg != null) {
            BenchFiles.requireWritable("--svg", svg);
        }
        PrintWriter err = spec.commandLine().getErr();
        BenchResult result = LengthBench.run(plan, note -> {
            err.println("bench: " + note);
            err.flush();
        });
        PrintWriter out = spec.commandLine().getOut();
        output.write(result, out);
        if (svg != null) {
            Files.writeString(svg, LengthChart.file(result.rows()));
            out.println("Chart: " + svg);
            out.flush();
        }
        return 0;
    }
}
