package io.github.dyt4j.lab.bench;

import io.github.dyt4j.lab.JavaProcess;
import io.github.dyt4j.lab.bench.Samples.Middle;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * {@code bench length}: time and memory of the layers that mix a long sequence's tokens, forward and backward, by its length. Each layer has a
 * process of its own, so that the peak of memory is its own.
 */
public final class LengthBench {
    /** What the rows are called. */
    static final String WHAT = "length";

    /** A heap that is there from the beginning, so that it does not grow into the peak. */
    private static final List<String> HEAP = List.of("-Xmn32m", "-Xms128m", "-Xmx128m", "-XX:+AlwaysPreTouch");

    private static final long LOOK_MILLIS = 200;

    private LengthBench() {}

    /** @param note is told what is measured next, a line each */
    public static BenchResult run(LengthPlan plan, Consumer<String> note) throws IOException {
        Load before = Load.now();
        List<BenchRow> rows = new ArrayList<>();
        for (LongLayer layer : LongLayer.values()) {
            note.accept(layer.label() + ", " + plan.from() + " to " + plan.to() + " tokens, in a process of its own");
            rows.addAll(rows(plan, layer, note));
        }
        Map<String, Object> environment = NormsBench.environment(plan.command(), before);
        environment.put("states", plan.states());
        return new BenchResult(environment, rows);
    }

    private static List<BenchRow> rows(LengthPlan plan, LongLayer layer, Consumer<String> note) throws IOException {
        Path measured = Files.createTempFile("dyt4j-bench", ".txt");
        Path said = Files.createTempFile("dyt4j-bench", ".log");
        Process process = new ProcessBuilder(
                        JavaProcess.command(HEAP, LengthMain.class, arguments(plan, layer, measured)))
                .redirectErrorStream(true)
                .redirectOutput(said.toFile())
                .start();
        Thread orphan = new Thread(process::destroyForcibly); // who ends this process ends that one
        Runtime.getRuntime().addShutdownHook(orphan);
        try {
            int told = 0;
            while (!process.waitFor(LOOK_MILLIS, TimeUnit.MILLISECONDS)) {
                int done = Files.readAllLines(measured).size();
                for (; told < done; told++) {
                    note.accept("  " + plan.lengths().get(told) + " tokens done");
                }
            }
            List<BenchRow> rows = Files.readAllLines(measured).stream()
                    .map(line -> row(plan, layer, line))
                    .toList();
            if (process.exitValue() != 0 || rows.size() != plan.lengths().size()) {
                throw new IOException("the process that measures the " + layer.label() + " ended with code "
                        + process.exitValue() + " after " + rows.size() + " lengths: " + last(said));
            }
            return rows;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the " + layer.label() + " was measured", e);
        } finally {
            process.destroyForcibly();
            forget(orphan);
            Files.deleteIfExists(measured);
            Files.deleteIfExists(said);
        }
    }

    private static void forget(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException _) {
            // it runs already
        }
    }

    private static String[] arguments(LengthPlan plan, LongLayer layer, Path measured) {
        List<String> arguments = new ArrayList<>(List.of(
                measured.toString(),
                layer.name(),
                Integer.toString(plan.channels()),
                Integer.toString(plan.states()),
                Integer.toString(plan.threads()),
                Double.toString(plan.seconds())));
        plan.lengths().forEach(length -> arguments.add(Long.toString(length)));
        return arguments.toArray(String[]::new);
    }

    private static String last(Path said) throws IOException {
        List<String> lines = Files.readAllLines(said);
        return lines.isEmpty() ? "it said nothing" : lines.getLast();
    }

    /** @param line the length, the peak, and the rounds */
    private static BenchRow row(LengthPlan plan, LongLayer layer, String line) {
        String[] words = line.split(" ");
        long length = Long.parseLong(words[0]);
        double[] nanos =
                Arrays.stream(words).skip(2).mapToDouble(Double::parseDouble).toArray();
        double elements = (double) length * plan.channels();
        return new BenchRow(
                WHAT,
                layer.label(),
                null,
                "f32",
                length,
                plan.channels(),
                "both",
                plan.threads(),
                Samples.median(nanos) / elements,
                Samples.quantile(0.1, nanos) / elements,
                Samples.quantile(0.9, nanos) / elements,
                null,
                Middle.of(nanos).spread(),
                null,
                null,
                null,
                Long.parseLong(words[1]),
                Samples.median(nanos) / length,
                "ns a token",
                null,
                null);
    }
}
