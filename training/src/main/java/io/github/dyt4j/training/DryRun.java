package io.github.dyt4j.training;

import io.github.dyt4j.torch.Norm;
import io.github.dyt4j.torch.TorchRuntime;
import io.github.dyt4j.training.run.Environment;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a recipe would take, without training it: the model is built and makes a step, on noise where the data are not there. A model that this
 * machine cannot hold is counted by formula alone.
 *
 * @param data what it was tried on
 * @param sites the norm slots by kind, as "12 attention"; null where the model was not built
 * @param trainingExamples 0 where the data are not there
 * @param stepsPerEpoch 0 where nobody can know
 * @param probe examples in the batch that was timed; 0 where none was
 * @param secondsPerStep of an optimizer step, scaled from the probe
 * @param peakBytes of this process after the step
 */
public record DryRun(
        Recipe recipe,
        Footprint footprint,
        String data,
        @Nullable String sites,
        long trainingExamples,
        int stepsPerEpoch,
        int probe,
        double secondsPerStep,
        long peakBytes) {
    /** Enough to keep the cores busy, and few enough that a large model answers soon. */
    private static final int PROBE = 16;

    private static final int PROBE_TOKENS = 4096;
    private static final int PROBE_STEPS = 20;
    private static final double PROBE_SECONDS = 3;

    /** @throws io.github.dyt4j.formats.UserError for a mistake in the recipe or the data, but for data that are not there */
    public static DryRun of(Recipe recipe) {
        TaskSetup setup = TaskSetup.trial(recipe, 4 * PROBE);
        Footprint footprint = Footprint.of(setup);
        String described = setup.noise()
                ? "there is no " + recipe.data() + " here, so tried on " + setup.describe()
                : setup.describe();
        long examples = setup.noise() ? 0 : setup.trainingExamples();
        int steps = !setup.noise()
                ? setup.epochs().steps()
                : recipe.has("steps_per_epoch") ? recipe.integer("steps_per_epoch") : 0;
        if (!footprint.fits()) {
            setup.close();
            return new DryRun(recipe, footprint, described, null, examples, steps, 0, Double.NaN, 0);
        }
        TorchRuntime.start(recipe.integer("threads"));
        int probe = (int) Math.min(Math.min(recipe.batchSize(), probe(setup)), setup.trainingExamples());
        double scale = (double) recipe.batchSize() * recipe.gradAccumSteps() / probe;
        Recipe tried = recipe.with("batch_size", probe).with("grad_accum_steps", 1);
        try (Task task = setup.with(tried).build()) {
            double seconds = scale * seconds(tried, task);
            long peak = Environment.peakBytes().orElse(0);
            return new DryRun(recipe, footprint, described, sites(task), examples, steps, probe, seconds, peak);
        }
    }

    private static int probe(TaskSetup setup) {
        int tokens = setup.examples().tokens();
        return tokens == 0 ? PROBE : Math.clamp(PROBE_TOKENS / tokens, 1, PROBE);
    }

    /** Of the last of a few steps: the first find everything cold. A long step is tried once more and no further. */
    private static double seconds(Recipe recipe, Task task) {
        try (StepProbe probe = new StepProbe(recipe, task, 2)) {
            long began = System.nanoTime();
            probe.step();
            double seconds;
            int steps = 1;
            do {
                long started = System.nanoTime();
                probe.step();
                seconds = (System.nanoTime() - started) / 1e9;
            } while (++steps < PROBE_STEPS && (System.nanoTime() - began) / 1e9 < PROBE_SECONDS);
            return seconds;
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
        lines.add("recipe      " + recipe.name() + ": " + recipe.model() + " with " + recipe.variant());
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
        Examples examples = footprint.examples();
        long batch = (long) recipe.batchSize() * recipe.gradAccumSteps();
        lines.add("step        " + duration(secondsPerStep) + " for " + examples.count(batch)
                + (batch == probe ? "" : ", reckoned from one of " + probe));
        if (stepsPerEpoch == 0) {
            lines.add("time        " + duration(secondsPerStep / examples.parts(batch) * 1e6) + " for a million "
                    + examples.parts() + ", times " + recipe.epochs() + " epochs");
        } else {
            double epoch = secondsPerStep * stepsPerEpoch;
            lines.add("time        " + duration(epoch) + " for an epoch of " + stepsPerEpoch + " steps, "
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
