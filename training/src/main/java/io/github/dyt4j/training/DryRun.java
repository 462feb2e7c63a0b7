package io.github.dyt4j.training;

import io.github.dyt4j.torch.Norm;
import io.github.dyt4j.torch.TorchRuntime;
import io.github.dyt4j.training.data.ImageData;
import io.github.dyt4j.training.run.Environment;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a recipe would take, without training it: the model is built and makes a step, on noise where the data is not there. A model that this
 * machine cannot hold is counted by formula alone.
 *
 * @param data what it was tried on
 * @param sites the norm slots by kind, as "12 attention"; null where the model was not built
 * @param trainingImages 0 where the data is not there
 * @param probe images in the batch that was timed; 0 where none was
 * @param secondsPerStep of an optimizer step, scaled from the probe
 * @param peakBytes of this process after the step
 */
public record DryRun(
        Recipe recipe,
        Footprint footprint,
        String data,
        @Nullable String sites,
        int trainingImages,
        int probe,
        double secondsPerStep,
        long peakBytes) {
    /** Enough to keep the cores busy, and few enough that a large model answers soon. */
    private static final int PROBE = 16;

    public static DryRun of(Recipe recipe) {
        boolean there = ProbeData.there(recipe);
        Map<String, Object> arguments = recipe.modelArguments();
        ImageData data = ProbeData.of(recipe, 4 * PROBE);
        ClassificationTask.complete(arguments, data);
        Footprint footprint = Footprint.of(recipe, arguments);
        String described = there
                ? data.describe()
                : "there is no " + recipe.data() + " here, so tried on "
                        + data.train().describe();
        int images = there ? data.train().size() : 0;
        if (!footprint.fits()) {
            return new DryRun(recipe, footprint, described, null, images, 0, Double.NaN, 0);
        }
        TorchRuntime.start(recipe.integer("threads"));
        int probe = Math.min(Math.min(recipe.batchSize(), PROBE), data.train().size());
        try (Task task = ClassificationTask.of(recipe.with("batch_size", probe), data)) {
            double scale = (double) recipe.batchSize() * recipe.gradAccumSteps() / probe;
            double seconds = scale * seconds(recipe.with("grad_accum_steps", 1), task);
            long peak = Environment.peakBytes().orElse(0);
            return new DryRun(recipe, footprint, described, sites(task), images, probe, seconds, peak);
        }
    }

    /** Of the second of two steps: the first finds everything cold. */
    private static double seconds(Recipe recipe, Task task) {
        try (StepProbe probe = new StepProbe(recipe, task, 2)) {
            probe.step();
            long started = System.nanoTime();
            probe.step();
            return (System.nanoTime() - started) / 1e9;
        }
    }

    private static String sites(Task task) {
        Map<String, Long> kinds = task.model().norms().sites().stream()
                .map(Norm::site)
                .collect(Collectors.groupingBy(s -> s.key(), java.util.TreeMap::new, Collectors.counting()));
        return task.model().norms().sites().size() + " ("
                + kinds.entrySet().stream()
                        .map(e -> e.getValue() + " " + e.getKey())
                        .collect(Collectors.joining(", "))
                + ")";
    }

    /** For people, a fact a line. */
    public List<String> lines() {
        List<String> lines = new ArrayList<>();
        lines.add("recipe      " + recipe.name() + ": " + recipe.model() + " with " + recipe.norm());
        lines.add("parameters  " + String.format(Locale.ROOT, "%,d", footprint.parameters()));
        if (sites != null) {
            lines.add("norm sites  " + sites);
        }
        lines.add("data        " + data.replace("\n", "; "));
        lines.add("memory      " + footprint);
        if (!footprint.fits()) {
            lines.add("            it does not fit. " + footprint.advice(recipe));
            return lines;
        }
        lines.add("            this process has used " + Footprint.gigabytes(peakBytes) + " for a batch of " + probe);
        int batch = recipe.batchSize() * recipe.gradAccumSteps();
        lines.add("step        " + duration(secondsPerStep) + " for " + batch + " images"
                + (batch == probe ? "" : ", reckoned from one of " + probe));
        if (trainingImages == 0) {
            lines.add("time        " + duration(secondsPerStep / batch * 1e6) + " for a million images, times "
                    + recipe.epochs() + " epochs");
        } else {
            int steps = trainingImages / batch;
            double epoch = secondsPerStep * steps;
            lines.add("time        " + duration(epoch) + " for an epoch of " + steps + " steps, "
                    + duration(epoch * recipe.epochs()) + " for all " + recipe.epochs() + ", evaluations aside");
        }
        return lines;
    }

    private static String duration(double seconds) {
        if (seconds < 1) {
            return String.format(Locale.ROOT, "%.0f ms", seconds * 1e3);
        }
        return seconds < 120
                ? String.format(Locale.ROOT, "%.1f s", seconds)
                : seconds < 7200
                        ? String.format(Locale.ROOT, "%.0f min", seconds / 60)
                        : seconds < 2 * 86400
                                ? String.format(Locale.ROOT, "%.1f hours", seconds / 3600)
                                : String.format(Locale.ROOT, "%.1f days", seconds / 86400);
    }
}
