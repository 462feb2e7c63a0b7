package io.github.dyt4j.lab.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * A training step that keeps all activations and one that keeps each block's input alone and computes the rest again: time and the peak of
 * memory, each in a process of its own. The two ran one after the other, so their ratio is as uncertain as both times together.
 */
final class LlamaCheckpointing {
    static final String WITHOUT = "activations kept";
    static final String WITH = "gradient checkpointing";
    private static final int ITERATIONS = 10;

    private LlamaCheckpointing() {}

    static List<BenchRow> rows(LlamaPlan.Step step, boolean bf16, int threads, double seconds) throws IOException {
        SilentProcess.allow();
        Path peaks = Files.createTempDirectory("dyt4j-bench");
        try {
            double[] without = nanos(step, bf16, threads, seconds, peaks, "false");
            double[] with = nanos(step, bf16, threads, seconds, peaks, "true");
            LlamaRows rows = LlamaTraining.of(step, threads, bf16);
            List<BenchRow> all = new ArrayList<>();
            all.add(rows.time(LlamaRows.CHECKPOINTING, WITHOUT, without, null, null)
                    .peak(NormBenchmark.peak(peaks, "false")));
            all.add(rows.apart(LlamaRows.CHECKPOINTING, WITH, with, WITHOUT, without)
                    .peak(NormBenchmark.peak(peaks, "true")));
            return all;
        } finally {
            for (String key : List.of("false", "true")) {
                Files.deleteIfExists(NormBenchmark.peakFile(peaks, key));
            }
            Files.deleteIfExists(peaks);
        }
    }

    private static double[] nanos(
            LlamaPlan.Step step, boolean bf16, int threads, double seconds, Path peaks, String checkpointing)
            throws IOException {
        String arguments = step.arguments().entrySet().stream()
                .filter(e -> !e.getKey().equals("gradient_checkpointing"))
                .map(e -> e.getKey() + "=" + e.getValue())
                .collect(Collectors.joining(" "));
        TimeValue iteration = TimeValue.milliseconds(Math.max(1, Math.round(seconds * 1000 / ITERATIONS)));
        Options options = new OptionsBuilder()
                .include("^" + LlamaStepBenchmark.class.getName().replace(".", "\\.") + "\\.step$")
                .param("model", step.model())
                .param("arguments", arguments)
                .param("checkpointing", checkpointing)
                .param("shape", step.batch() + "x" + step.tokens())
                .param("bf16", Boolean.toString(bf16))
                .param("threads", Integer.toString(threads))
                .jvmArgsAppend("-D" + NormBenchmark.PEAKS_PROPERTY + "=" + peaks)
                .addProfiler(SilentProcess.class)
                .mode(Mode.AverageTime)
                .timeUnit(TimeUnit.NANOSECONDS)
                .forks(1)
                .warmupIterations(2)
                .warmupTime(iteration)
                .measurementIterations(ITERATIONS)
                .measurementTime(iteration)
                .shouldFailOnError(true)
                .verbosity(VerboseMode.SILENT)
                .build();
        try {
            List<double[]> forks = new ArrayList<>();
            for (RunResult result : new Runner(options).run()) {
                forks.add(result.getBenchmarkResults().stream()
                        .flatMap(r -> r.getIterationResults().stream())
                        .map(IterationResult::getPrimaryResult)
                        .mapToDouble(r -> r.getScore())
                        .toArray());
            }
            return forks.getFirst();
        } catch (RunnerException e) {
            throw new IOException("a process that measures a training step failed: " + e.getMessage(), e);
        }
    }
}
