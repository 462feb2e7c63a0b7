package io.github.dyt4j.training;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Ema;
import io.github.dyt4j.torch.Norms;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.TorchRuntime;
import io.github.dyt4j.training.run.Checkpoint;
import io.github.dyt4j.training.run.Environment;
import io.github.dyt4j.training.run.RunFolder;
import io.github.dyt4j.training.run.RunLog;
import io.github.dyt4j.training.run.RunResult;
import io.github.dyt4j.training.run.RunState;
import io.github.dyt4j.training.run.RunTensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The one training loop: batch → model → loss → backward → clip → AdamW → EMA → metrics. It is the same for every family; what differs is
 * the {@link Task}. A run is a folder: killed anywhere and started again, it goes on from its last checkpoint to the same bits, since all
 * chance in a step comes from (seed, step).
 */
public final class Trainer implements AutoCloseable {
    private static final int CHECKPOINTS_KEPT = 2;

    private final Recipe recipe;
    private final RunFolder folder;
    private final Task task;
    private final Progress progress;
    private final BooleanSupplier stop;
    private final TrainingStep training;
    private final @Nullable Ema ema;
    private final RunTensors tensors;
    private final ResultWriter results;
    private final Set<String> named = new HashSet<>();
    private final Schedule schedule;
    private final Epochs epochs;
    private final int stepsPerEpoch;
    private final long totalSteps;
    private final Divergence divergence;
    private RunState state = RunState.START;

    /** {@link #train(Recipe, Path, Progress, BooleanSupplier)} that nothing stops. */
    public static RunResult train(Recipe recipe, Path folder, Progress progress) throws IOException {
        return train(recipe, folder, progress, () -> false).orElseThrow();
    }

    /**
     * Trains in this folder, or goes on with the run that is there, or says how it ended.
     *
     * @param stop asked after every step: true leaves a checkpoint
     * @return nothing if the run was stopped
     * @throws UserError if the folder holds another recipe's run or something else, or for a mistake in recipe or data
     */
    public static Optional<RunResult> train(Recipe recipe, Path folder, Progress progress, BooleanSupplier stop)
            throws IOException {
        return train(recipe, folder, progress, stop, Task::of);
    }

    /** The same with a task from elsewhere. */
    static Optional<RunResult> train(
            Recipe recipe, Path folder, Progress progress, BooleanSupplier stop, Function<Recipe, Task> tasks)
            throws IOException {
        try (RunFolder run = RunFolder.open(folder)) {
            if (Files.exists(run.recipe())) {
                RunFolder.requireSame(folder, Recipe.read(run.recipe()).identity(), recipe.identity());
            }
            Optional<RunResult> before = RunResult.read(folder);
            if (before.isPresent()) {
                progress.note("This run has ended before: " + folder);
                progress.ended(before.get());
                return before;
            }
            TorchRuntime.start(recipe.integer("threads"));
            try (Task task = tasks.apply(recipe)) {
                // Before anything is written: what does not fit binds nobody.
                if (recipe.has("init")
                        && run.checkpoints(CHECKPOINTS_KEPT).latest().isEmpty()) {
                    progress.note(InitialWeights.load(recipe, task.model()));
                }
                if (!Files.exists(run.recipe())) {
                    run.writeRecipe(recipe.resolved());
                }
                task.writeCompanions(run.path());
                run.writeEnvironment(Environment.here().toMap());
                try (Trainer trainer = new Trainer(recipe, run, task, progress, stop)) {
                    return trainer.run();
                }
            }
        }
    }

    private Trainer(Recipe recipe, RunFolder folder, Task task, Progress progress, BooleanSupplier stop)
            throws IOException {
        this.recipe = recipe;
        this.folder = folder;
        this.task = task;
        this.progress = progress;
        this.stop = stop;
        epochs = task.setup().epochs();
        stepsPerEpoch = epochs.steps();
        totalSteps = epochs.totalSteps();
        schedule = Schedule.of(recipe, stepsPerEpoch);
        progress.note(recipe.name() + " with " + recipe.variant() + ", seed " + recipe.seed() + ": " + task.describe());
        long started = System.nanoTime();
        Optional<Checkpoint.Found> found = folder.checkpoints(CHECKPOINTS_KEPT).latest();
        SequencedMap<String, Norms.Start> starts =
                found.isEmpty() ? Calibration.set(task, recipe) : new LinkedHashMap<>();
        if (!starts.isEmpty()) {
            Calibration.write(folder, starts);
            progress.note("Calibrated the start of " + starts.size() + " norms on the first batch");
        }
        training = TrainingStep.of(recipe, task);
        ema = recipe.has("ema_decay") ? new Ema(task.model().parameters().state(), recipe.number("ema_decay")) : null;
        tensors = new RunTensors(task.model(), training.optimizer(), ema);
        results = new ResultWriter(recipe, task, folder);
        if (found.isPresent()) {
            restore(found.get(), started);
        }
        divergence = new Divergence(state.recentLosses(), task.objective().harmlessLoss());
    }

    private void restore(Checkpoint.Found found, long started) throws IOException {
        state = tensors.load(found);
        found.ignored().forEach(torn -> progress.note("Passed over " + torn));
        double seconds = (System.nanoTime() - started) / 1e9;
        progress.note(String.format(
                Locale.ROOT, "Goes on after step %d of %d, restored in %.2f s", state.step(), totalSteps, seconds));
    }

    private Optional<RunResult> run() throws IOException {
        try (RunLog log = RunLog.open(folder, state.positions())) {
            if (state.step() == 0) {
                log.sites(
                        0,
                        0,
                        Evaluation.sites(task, recipe.bf16()).values().stream().toList());
            }
            return loop(log);
        }
    }

    private Optional<RunResult> loop(RunLog log) throws IOException {
        int accumulate = recipe.gradAccumSteps();
        int interval = recipe.integer("checkpoint_interval");
        Examples examples = task.setup().examples();
        long first = state.step();
        long began = System.nanoTime();
        task.model().parameters().training(true);
        try (Batches batches = task.training(epochs.batchOf(first))) {
            for (long step = first; step < totalSteps; ) {
                int epoch = (int) (step / stepsPerEpoch);
                if (step > first && step % stepsPerEpoch == 0) {
                    skipRemainder(batches);
                }
                long started = System.nanoTime();
                Moment moment = new Moment(step, totalSteps, stepsPerEpoch);
                training.begin(moment);
                double loss = 0;
                for (int i = 0; i < accumulate; i++) {
                    TorchRuntime.seed(StepSeed.of(recipe.seed(), step * accumulate + i));
                    loss += backward(batches) / accumulate;
                }
                double norm = training.clip(moment);
                if (divergence.failed(loss) || !Double.isFinite(norm)) {
                    return Optional.of(diverged(log, step, epoch + 1, Double.isFinite(norm) ? loss : norm));
                }
                double lr = schedule.at(step);
                training.update(moment, lr);
                if (ema != null) {
                    ema.update();
                }
                step++;
                state = state.at(step, divergence.recent());
                double ms = (System.nanoTime() - started) / 1e6;
                double rate = 1000.0 * recipe.batchSize() * accumulate / ms;
                if (step % recipe.integer("log_interval") == 0) {
                    log.train(step, epoch + 1, new RunLog.Train(loss, lr, norm, ms, rate));
                }
                double left = (System.nanoTime() - began) / 1e9 / (step - first) * (totalSteps - step);
                progress.step(new Progress.Step(
                        step, totalSteps, epoch + 1, recipe.epochs(), loss, lr, rate, examples, left));

                boolean epochEnds = step % stepsPerEpoch == 0;
                if (epochEnds && ((epoch + 1) % recipe.integer("eval_interval") == 0 || step == totalSteps)) {
                    Evaluation tested = evaluate(log, step, epoch + 1);
                    if (!Double.isFinite(tested.loss())) {
                        return Optional.of(diverged(log, step, epoch + 1, tested.loss()));
                    }
                }
                boolean stopped = step < totalSteps && stop.getAsBoolean();
                if (stopped || epochEnds || (interval > 0 && step % interval == 0)) {
                    state = state.with(log.force());
                    tensors.save(folder.checkpoints(CHECKPOINTS_KEPT), state);
                }
                if (stopped) {
                    progress.stopped(step, totalSteps, folder.path());
                    return Optional.empty();
                }
            }
        }
        return Optional.of(end(log, false));
    }

    private double backward(Batches batches) {
        try (var _ = new Scope()) {
            return training.backward(batches.next());
        }
    }

    private void skipRemainder(Batches batches) {
        for (int i = 0; i < epochs.remainder(); i++) {
            try (var _ = new Scope()) {
                batches.next();
            }
        }
    }

    /** Judges the model, the averaged one where averaging is on; what is not finite is nobody's best. */
    private Evaluation evaluate(RunLog log, long step, int epoch) throws IOException {
        Evaluation[] seen = new Evaluation[1];
        judged(() -> seen[0] = task.evaluate());
        Evaluation tested = seen[0];
        Objective.Metric metric = task.objective().metric();
        Map<String, Number> line = new LinkedHashMap<>();
        line.put("loss", tested.loss());
        line.put(metric.name(), tested.value());
        line.putAll(tested.extras());
        if (metric.perplexity()) {
            line.put("perplexity", Math.exp(tested.value()));
        }
        log.metrics(step, epoch, "test", line);
        log.sites(step, epoch, List.copyOf(tested.sites().values()));
        if (Double.isFinite(tested.loss())) {
            RunState.Tested now = new RunState.Tested(step, tested.value(), tested.loss(), tested.extras());
            RunState.Tested before = state.best() == null ? now : state.best();
            boolean best = state.best() == null || metric.better(now.value(), before.value());
            state = state.tested(now, best);
            results.examples(tested.examples(), best);
            progress.tested(
                    new Progress.Tested(step, epoch, now.loss(), metric, now.value(), (best ? now : before).value()));
        }
        task.skipped().stream().filter(named::add).forEach(bad -> progress.note("Left out " + bad));
        return tested;
    }

    private RunResult diverged(RunLog log, long step, int epoch, double loss) throws IOException {
        log.metrics(step, epoch, "diverged", Map.of("loss", loss));
        progress.note(String.format(
                Locale.ROOT,
                "Diverged at step %d: the loss or its gradient is %.4g%s",
                step,
                loss,
                Double.isFinite(loss) ? ", more than ten times its running median " + divergence.median() : ""));
        return end(log, true);
    }

    private RunResult end(RunLog log, boolean diverged) throws IOException {
        log.force();
        RunResult[] result = new RunResult[1];
        judged(() -> result[0] = results.write(state, diverged));
        progress.ended(result[0]);
        return result[0];
    }

    /** Does something with the weights that are judged: the averaged ones where averaging is on. */
    private void judged(Ema.Work judging) throws IOException {
        if (ema == null) {
            judging.run();
        } else {
            ema.during(judging);
        }
    }

    @Override
    public void close() {
        training.optimizer().close();
        if (ema != null) {
            ema.close();
        }
    }
}
