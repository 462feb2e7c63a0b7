package io.github.dyt4j.lab.bench;

import io.github.dyt4j.lab.bench.Samples.Middle;
import io.github.dyt4j.torch.NormFunction;
import io.github.dyt4j.torch.NormSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
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
 * The norms of a plan inside autograd, with JMH: every measurement in a new process with this JVM's flags, rounds over the norms (A B C A
 * B C), so that a round's processes ran close together and ratios are taken within a round.
 */
final class LayerLevel {
    static final String WHAT = "layer";

    private static final int ITERATIONS = 20;
    /** Of a measurement's seconds: a new JVM needs two to three until its kernels are compiled. */
    private static final double WARM_UP = 0.8;

    private final NormsPlan plan;

    LayerLevel(NormsPlan plan) {
        SilentProcess.allow();
        this.plan = plan;
    }

    /** One process: the samples of a call's nanoseconds, and by how many bytes its peak rose. */
    private record Fork(double[] nanos, long peakBytes) {
        double median() {
            return Samples.median(nanos);
        }
    }

    List<BenchRow> rows(Shape shape, double triad, Consumer<String> note) throws IOException {
        // A layer's backward cannot be had without its forward. Where nothing is asked for, a step's two are measured.
        boolean forward = plan.directions().equals(List.of(Direction.FORWARD));
        return rows(shape, forward ? Direction.FORWARD : Direction.BOTH, triad, note);
    }

    private List<BenchRow> rows(Shape shape, Direction direction, double triad, Consumer<String> note)
            throws IOException {
        List<NormSpec> norms = plan.norms();
        Fork[][] forks = new Fork[norms.size()][plan.forks()];
        for (int round = 0; round < plan.forks(); round++) {
            note.accept("layers, " + shape + " " + direction.key() + ", round " + (round + 1) + " of " + plan.forks()
                    + ": a process for each of " + norms.size() + " norms");
            Map<String, Fork> ended = round(shape, direction);
            for (int i = 0; i < norms.size(); i++) {
                forks[i][round] = Objects.requireNonNull(ended.get(norms.get(i).toString()));
            }
        }
        List<BenchRow> rows = new ArrayList<>();
        for (int i = 0; i < norms.size(); i++) {
            rows.add(row(norms.get(i), shape, direction, forks[i], i == 0 ? null : forks[0], triad));
        }
        return rows;
    }

    private BenchRow row(
            NormSpec spec, Shape shape, Direction direction, Fork[] own, Fork @Nullable [] base, double triad) {
        double n = shape.size();
        double[] all =
                Arrays.stream(own).flatMapToDouble(f -> Arrays.stream(f.nanos)).toArray();
        double nanos = Samples.median(all) / n;
        Middle middle = base == null ? Middle.of(all) : Middle.of(Samples.ratios(medians(own), medians(base)));
        boolean moves = spec.function() != NormFunction.IDENTITY;
        Double speed = moves ? direction.tensors() * plan.dtype().bytes() / nanos : null;
        return new BenchRow(
                WHAT,
                NormsPlan.label(spec),
                base == null ? null : NormsPlan.label(plan.norms().getFirst()),
                NormsPlan.name(plan.dtype()),
                shape.rows(),
                shape.width(),
                direction.key(),
                plan.threads(),
                nanos,
                Samples.quantile(0.1, all) / n,
                Samples.quantile(0.9, all) / n,
                base == null ? null : middle.median(),
                middle.spread(),
                speed,
                speed == null ? null : speed / triad,
                null,
                Arrays.stream(own).mapToLong(Fork::peakBytes).max().orElse(0),
                null,
                null,
                null,
                null);
    }

    private static double[] medians(Fork[] forks) {
        return Arrays.stream(forks).mapToDouble(Fork::median).toArray();
    }

    /** One process after the other for all norms, by spec. */
    private Map<String, Fork> round(Shape shape, Direction direction) throws IOException {
        Path peaks = Files.createTempDirectory("dyt4j-bench");
        try {
            Options options = new OptionsBuilder()
                    .include("^" + NormBenchmark.class.getName().replace(".", "\\.") + "\\." + direction.key() + "$")
                    .param("spec", plan.norms().stream().map(NormSpec::toString).toArray(String[]::new))
                    .param("shape", shape.toString())
                    .param("dtype", NormsPlan.name(plan.dtype()))
                    .param("threads", Integer.toString(plan.threads()))
                    .jvmArgsAppend("-D" + NormBenchmark.PEAKS_PROPERTY + "=" + peaks)
                    .addProfiler(SilentProcess.class)
                    .mode(Mode.AverageTime)
                    .timeUnit(TimeUnit.NANOSECONDS)
                    .forks(1)
                    .warmupIterations(1)
                    .warmupTime(milliseconds(plan.seconds() * WARM_UP))
                    .measurementIterations(ITERATIONS)
                    .measurementTime(milliseconds(plan.seconds() / 3 / ITERATIONS))
                    .shouldFailOnError(true)
                    .verbosity(VerboseMode.SILENT)
                    .build();
            Map<String, Fork> ended = new HashMap<>();
            for (RunResult result : new Runner(options).run()) {
                double[] nanos = result.getBenchmarkResults().stream()
                        .flatMap(r -> r.getIterationResults().stream())
                        .map(IterationResult::getPrimaryResult)
                        .mapToDouble(r -> r.getScore())
                        .toArray();
                String spec = result.getParams().getParam("spec");
                ended.put(spec, new Fork(nanos, NormBenchmark.peak(peaks, spec)));
            }
            return ended;
        } catch (RunnerException e) {
            throw new IOException("a process that measures a layer failed: " + e.getMessage(), e);
        } finally {
            for (NormSpec spec : plan.norms()) {
                Files.deleteIfExists(NormBenchmark.peakFile(peaks, spec.toString()));
            }
            Files.deleteIfExists(peaks);
        }
    }

    private static TimeValue milliseconds(double seconds) {
        return TimeValue.milliseconds(Math.max(1, Math.round(seconds * 1000)));
    }
}
