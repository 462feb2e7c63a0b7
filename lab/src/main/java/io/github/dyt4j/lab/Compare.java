package io.github.dyt4j.lab;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.training.TaskSetup;
import io.github.dyt4j.training.run.RunResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;

/**
 * One recipe, several norms or methods, several seeds, and maybe several learning rates: every run is a process of its own, so that its time and memory are its own, in a folder of its
 * own, and a comparison is a folder of runs with a report. Runs of one seed share the initial weights of all other layers, the order of
 * the data and, with images, the augmentation. {@link Plan} says in which order they go.
 *
 * <p>The same command goes on where it was: runs that have ended are not run again, and one that was stopped resumes.
 */
public final class Compare {
    static final String FILE = "comparison.json";
    private static final TypeReference<Map<String, Object>> OBJECT = new TypeReference<>() {};
    private static final long TICK_MILLIS = 200;

    /** Is told how a comparison goes, on the thread that called. */
    public interface Listener {
        /** @param done runs that had ended before */
        default void begins(Path folder, int runs, int done) {}

        /** What was found where the data are: what they are and how many. */
        default void data(String description) {}

        default void started(Job job, int runs) {}

        /**
         * Some times a second.
         *
         * @param running what goes on now, with the last line of its metrics
         * @param share of all steps of all runs that are done
         * @param secondsLeft by the pace of this process; NaN while it cannot be told
         */
        default void progress(List<Running> running, double share, double secondsLeft) {}

        default void ended(Job job, RunResult result) {}

        /** Every rate of a variant has been run with seed 0, and this is the best. */
        default void chose(Variant variant, double lr) {}

        /** The report was written; {@code toCome} runs have not ended. */
        default void report(Path html, Results results) {}

        /** Every run was asked to leave a checkpoint and has ended; the same command goes on. */
        default void stopped(Path folder) {}
    }

    /** A run that goes on; loss is NaN before its first step. */
    public record Running(Job job, long step, long steps, double loss) {}

    private final Plan plan;
    private final Listener listener;
    private final Path folder;
    private final long stepsOfARun;
    private final List<ChildRun> running = new ArrayList<>();
    private final Map<Job, RunResult> ended = new LinkedHashMap<>();
    private long stepsDone;
    private long stepsAtStart;
    private long began;

    private Compare(Plan plan, Listener listener, long stepsOfARun) {
        this.plan = plan;
        this.listener = listener;
        this.folder = plan.folder();
        this.stepsOfARun = stepsOfARun;
    }

    /**
     * Runs what has not been run, and writes the report after every run that ends.
     *
     * @param stop asked some times a second; true lets every run leave a checkpoint and ends
     * @return nothing if it was stopped
     * @throws UserError for a mistake in the plan, in recipe or data, or a folder that holds another comparison
     */
    public static Optional<Results> run(Plan plan, Listener listener, BooleanSupplier stop) throws IOException {
        plan.checkMethods();
        plan.variants().forEach(v -> TaskSetup.requireNorm(v.in(plan.recipe())));
        long steps;
        // A corpus is tokenised here, once, and not by the first of the runs, whose time it would count in.
        try (TaskSetup setup = TaskSetup.of(plan.recipe())) {
            steps = setup.epochs().totalSteps();
            listener.data(setup.describe());
        }
        Compare compare = new Compare(plan, listener, steps);
        compare.claim();
        return compare.go(stop);
    }

    /** Makes the folder this comparison's own, or refuses it. */
    private void claim() throws IOException {
        Path file = folder.resolve(FILE);
        if (Files.exists(folder) && !Files.isDirectory(folder)) {
            throw new UserError(folder + " is a file; a comparison needs a folder. Choose another --out.");
        }
        if (Files.exists(file)) {
            requireSame(file);
            return;
        }
        if (Files.isDirectory(folder)) {
            try (Stream<Path> inside = Files.list(folder)) {
                Optional<Path> other =
                        inside.filter(p -> !p.endsWith(FILE + ".tmp")).findFirst();
                if (other.isPresent()) {
                    throw new UserError(folder + " holds no comparison (no " + FILE + "), and is not empty: there is "
                            + other.get().getFileName() + ".\nChoose an empty or new folder with --out.");
                }
            }
        }
        Files.createDirectories(folder);
        write(file);
    }

    private void write(Path file) throws IOException {
        Path partial = folder.resolve(FILE + ".tmp");
        Files.writeString(
                partial, Report.JSON.writerWithDefaultPrettyPrinter().writeValueAsString(plan.identity()) + "\n");
        Files.move(partial, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    /** Whether any run here has taken a step that was written down. */
    private boolean begun() throws IOException {
        try (Stream<Path> inside = Files.walk(folder, 2)) {
            for (Path p : (Iterable<Path>) inside::iterator) {
                String name = String.valueOf(p.getFileName());
                if (name.equals("result.json") || (name.equals("metrics.jsonl") && Files.size(p) > 0)) {
                    return true;
                }
            }
            return false;
        }
    }

    private void requireSame(Path file) throws IOException {
        Map<String, Object> there;
        try {
            there = Report.JSON.readValue(Files.readAllBytes(file), OBJECT);
        } catch (JacksonException e) {
            throw new UserError(
                    file + " cannot be read (" + e.getOriginalMessage() + ").\nChoose another folder with --out.", e);
        }
        Map<String, Object> here = plan.identity();
        Set<String> keys = new java.util.TreeSet<>(there.keySet());
        keys.addAll(here.keySet());
        List<String> differences = keys.stream()
                .filter(k -> !Objects.equals(there.get(k), here.get(k)))
                .map(k -> k + " is " + there.getOrDefault(k, "not set") + " there, " + here.getOrDefault(k, "not set")
                        + " here")
                .toList();
        if (!differences.isEmpty() && !begun()) {
            // What was refused before its first step binds nobody.
            write(file);
            return;
        }
        if (!differences.isEmpty()) {
            int shown = Math.min(3, differences.size());
            throw new UserError(
                    folder + " holds another comparison: " + String.join("; ", differences.subList(0, shown))
                            + (differences.size() > shown ? "; and " + (differences.size() - shown) + " more" : "")
                            + ".\nChoose another folder with --out, or leave it away: the default is one for each comparison.");
        }
    }

    private Optional<Results> go(BooleanSupplier stop) throws IOException {
        find();
        listener.begins(folder, plan.runs(), ended.size());
        began = System.nanoTime();
        stepsDone = stepsOfARun * ended.size();
        stepsAtStart = stepsDone;
        Optional<Results> results = report();
        try {
            while (ended.size() < plan.runs()) {
                if (stop.getAsBoolean()) {
                    endChildren();
                    listener.stopped(folder);
                    return Optional.empty();
                }
                boolean any = reap(stop);
                fill();
                if (any) {
                    results = report();
                }
                tell(plan.runs());
                Thread.sleep(TICK_MILLIS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        } finally {
            endChildren();
        }
        return results;
    }

    /** What had ended before; what rates were chosen decides which runs to look for. */
    private void find() throws IOException {
        int before = -1;
        while (ended.size() > before) {
            before = ended.size();
            for (Job job : plan.jobs(this::chosen)) {
                Optional<RunResult> result = RunResult.read(plan.run(folder, job));
                if (result.isPresent()) {
                    ended.put(job, result.get());
                }
            }
        }
    }

    private OptionalDouble chosen(Variant variant) {
        List<Results.Run> tried = plan.lrs().stream()
                .map(lr -> new Job(variant, lr, 0))
                .filter(ended::containsKey)
                .map(job -> Results.Run.of(job, Objects.requireNonNull(ended.get(job))))
                .toList();
        boolean higherIsBetter = ended.values().stream().anyMatch(RunResult::higherIsBetter);
        return RateSearch.choose(plan.lrs(), tried, higherIsBetter);
    }

    private void fill() throws IOException {
        for (Job job : plan.jobs(this::chosen)) {
            if (running.size() >= plan.sideBySide()) {
                return;
            }
            if (!ended.containsKey(job)
                    && running.stream().noneMatch(c -> c.job().equals(job))) {
                running.add(ChildRun.start(plan.run(folder, job), job, plan.recipe(job)));
                listener.started(job, plan.runs());
            }
        }
    }

    /** Takes the runs that have ended out of those that go on; true if there were any. */
    private boolean reap(BooleanSupplier stop) throws IOException {
        boolean any = false;
        for (Iterator<ChildRun> i = running.iterator(); i.hasNext(); ) {
            ChildRun child = i.next();
            if (child.alive()) {
                continue;
            }
            if (child.wasStopped() && stop.getAsBoolean()) {
                continue; // Ctrl-C reaches a terminal's whole group: the next turn of the loop ends it all
            }
            i.remove();
            Variant variant = child.job().variant();
            boolean known = plan.searches() && chosen(variant).isPresent();
            RunResult result = child.result();
            ended.put(child.job(), result);
            stepsDone += stepsOfARun;
            any = true;
            listener.ended(child.job(), result);
            if (plan.searches() && !known) {
                chosen(variant).ifPresent(lr -> listener.chose(variant, lr));
            }
        }
        return any;
    }

    private void tell(int runs) throws IOException {
        List<Running> now = new ArrayList<>();
        long done = stepsDone;
        for (ChildRun child : running) {
            Running r = child.progress(stepsOfARun);
            now.add(r);
            done += r.step();
        }
        long all = stepsOfARun * runs;
        double seconds = (System.nanoTime() - began) / 1e9;
        long own = done - stepsAtStart;
        listener.progress(now, all == 0 ? 1 : (double) done / all, own < 1 ? Double.NaN : seconds / own * (all - done));
    }

    private Optional<Results> report() throws IOException {
        Optional<Results> results = Study.write(plan, folder);
        results.ifPresent(r -> listener.report(folder.resolve("report.html"), r));
        return results;
    }

    private void endChildren() {
        running.forEach(ChildRun::askToStop);
        running.forEach(ChildRun::awaitEnd);
    }
}
