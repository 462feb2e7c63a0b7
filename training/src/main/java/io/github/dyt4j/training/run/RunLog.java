package io.github.dyt4j.training.run;

import io.github.dyt4j.formats.EventFile;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The files of a run that grow: {@code metrics.jsonl}, {@code sites.jsonl} and TensorBoard's events. */
public final class RunLog implements AutoCloseable {
    /** Lengths of the files in bytes: what a checkpoint records, and a resumed run cuts them to. */
    public record Positions(long metrics, long sites, long events) {
        public static final Positions START = new Positions(0, 0, 0);
    }

    /**
     * A training step.
     *
     * @param gradNorm of all gradients together, before clipping
     */
    public record Train(double loss, double lr, double gradNorm, double msPerStep, double examplesPerSecond) {}

    private final Metrics metrics;
    private final Metrics sites;
    private final EventFile events;

    private RunLog(Metrics metrics, Metrics sites, EventFile events) {
        this.metrics = metrics;
        this.sites = sites;
        this.events = events;
    }

    public static RunLog open(RunFolder folder, Positions at) throws IOException {
        return new RunLog(
                Metrics.open(folder.metrics(), at.metrics()),
                Metrics.open(folder.sites(), at.sites()),
                EventFile.open(folder.events(), at.events()));
    }

    /** A training step's line of metrics.jsonl. */
    public void train(long step, int epoch, Train train) throws IOException {
        Map<String, Number> values = new LinkedHashMap<>();
        values.put("loss", train.loss());
        values.put("lr", train.lr());
        values.put("grad_norm", train.gradNorm());
        values.put("ms_per_step", train.msPerStep());
        values.put("examples_per_second", train.examplesPerSecond());
        values.put("peak_bytes", Environment.peakBytes().orElse(0));
        metrics(step, epoch, "train", values);
    }

    /** A line of metrics.jsonl with {@code step}, {@code epoch} and {@code split}, and its numbers as {@code SPLIT/NAME} of TensorBoard. */
    public void metrics(long step, int epoch, String split, Map<String, ? extends Number> values) throws IOException {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("step", step);
        line.put("epoch", epoch);
        line.put("split", split);
        line.putAll(values);
        metrics.append(line);
        Map<String, Number> scalars = new LinkedHashMap<>();
        values.forEach((name, value) -> scalars.put(split + "/" + name, value));
        events.append(step, scalars);
    }

    /** A line of sites.jsonl. */
    public void sites(long step, int epoch, List<?> states) throws IOException {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("step", step);
        line.put("epoch", epoch);
        line.put("sites", states);
        sites.append(line);
    }

    /** Forces what was written to the disk, and says how much it is. */
    public Positions force() throws IOException {
        metrics.force();
        sites.force();
        events.force();
        return new Positions(metrics.position(), sites.position(), events.length());
    }

    @Override
    public void close() throws IOException {
        try (metrics;
                sites;
                events) {
            // all three, whatever one of them throws
        }
    }
}
