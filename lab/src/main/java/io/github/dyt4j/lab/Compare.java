package io.github.dyt4j.lab;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.training.Recipe;
import io.github.dyt4j.training.TaskSetup;
import io.github.dyt4j.training.run.RunResult;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.type.TypeReference;

/**
 * One recipe, several norms, several seeds: every run is a process of its own, so that its time and memory are its own, in a folder of its
 * own, and a comparison is a folder of runs with a report. Runs of one seed share the initial weights of all other layers, the order of
 * the data and, with images, the augmentation. They go seed by seed, every norm in turn, so that a comparison that is cut short is still paired.
 *
 * <p>The same command goes on where it was: runs that have ended are not run again, and one that was stopped resumes.
 */
public final class Compare {
    private static final String FILE = "comparison.json";
    private static final TypeReference<Map<String, Object>> OBJECT = new TypeReference<>() {};
    private static final long TICK_MILLIS = 200;

    /**
     * What is compared.
     *
     * @param recipe with its overrides; its norm and seed do not matter
     * @param norms canonical specs, the baseline first
     * @param seeds 0 to seeds − 1
     * @param out the folder; null for {@code runs/NAME-HASH}, where the hash is of everything that decides the results
     * @param jobs runs at a time; {@link #JOBS_BY_CORES} for as many as the cores carry where the recipe fixes the threads of a run, else one. A recipe that
     *     leaves its threads open has the cores split among the jobs.
     * @param command how the user asked for it, for the report
     */
    public record Plan(
            Recipe recipe,
            List<String> norms,
            int seeds,
            @Nullable Path out,
            int jobs,
            String command) {
        /** Leaves the number of runs at a time to recipe and cores. */
        public static final int JOBS_BY_CORES = 0;

        public static final List<String> NORMS = List.of("layernorm", "dyt", "dyt(init=calibrated)");
        public static final int SEEDS = 3;

        public Plan {
            norms = norms.stream().map(n -> NormSpec.parse(n).toString()).toList();
            Set<String> seen = new HashSet<>();
            for (String norm : norms) {
                if (!seen.add(norm)) {
                    throw new UserError("The norm '" + norm + "' is asked for twice; --norm takes each once.");
                }
            }
            if (norms.size() < 2) {
                throw new UserError("A comparison is of two norms or more, the baseline first.\n"
                        + "For example: --norm layernorm --norm dyt.");
            }
            if (seeds < 1) {
                throw new UserError(
                        "--seeds " + seeds + ": a comparison takes one seed or more, and three to tell a difference.");
            }
            if (jobs < 0) {
                throw new IllegalArgumentException("jobs: " + jobs);
            }
            recipe = recipe.withAbsolutePaths();
        }

        /**
         * What a recipe would have compared.
         *
         * @param norms null for the recipe's own, or {@link #NORMS} where it has none
         * @param seeds null for the recipe's own, or {@link #SEEDS}
         */
        public static Plan of(
                Recipe recipe,
                @Nullable List<String> norms,
                @Nullable Integer seeds,
                @Nullable Path out,
                int jobs,
                String command) {
            List<String> own = recipe.compareNorms();
            int count = seeds != null ? seeds : recipe.has("compare_seeds") ? recipe.integer("compare_seeds") : SEEDS;
            return new Plan(recipe, norms != null ? norms : own.isEmpty() ? NORMS : own, count, out, jobs, command);
        }

        /** Everything that decides the results, by key. */
        Map<String, Object> identity() {
            Map<String, Object> identity = new LinkedHashMap<>();
            recipe.identity().forEach((key, value) -> identity.put(key, String.valueOf(value)));
            List.of("norm", "seed").forEach(identity::remove);
            // The last bits depend on it, so runs of one comparison share it.
            identity.put("threads", String.valueOf(threads()));
            identity.put("norms", String.join("; ", norms));
            identity.put("seeds", String.valueOf(seeds));
            return identity;
        }

        public Path folder() {
            return out != null ? out : Path.of("runs", recipe.name() + "-" + hash());
        }

        private String hash() {
            try {
                byte[] digest = MessageDigest.getInstance("SHA-256")
                        .digest(identity().toString().getBytes(StandardCharsets.UTF_8));
                return HexFormat.of().formatHex(digest, 0, 4);
            } catch (NoSuchAlgorithmException e) {
                throw new IllegalStateException(e);
            }
        }

        Path run(Path folder, String norm, int seed) {
            String slug = norm.toLowerCase(Locale.ROOT)
                    .replace("=-", "-minus-")
                    .replaceAll("[^a-z0-9.]+", "-")
                    .replaceAll("-$", "");
            return folder.resolve(slug + "-seed" + seed);
        }

        Recipe recipe(String norm, int seed) {
            Recipe own = recipe.with("norm", norm).with("seed", seed);
            if (recipe.has("init") && Files.exists(Path.of(recipe.text("init"), FILE))) {
                own = own.with("init", run(Path.of(recipe.text("init")), norm, seed));
            }
            return own.with("threads", threads());
        }

        /** Of each run: the recipe's, or its share of the cores. */
        private int threads() {
            int fixed = recipe.integer("threads");
            return fixed > 0 ? fixed : Math.max(1, cores() / sideBySide());
        }

        /** How many runs go at a time. */
        int sideBySide() {
            int threads = recipe.integer("threads");
            int chosen = jobs > 0 ? jobs : threads > 0 ? Math.max(1, cores() / threads) : 1;
            return Math.min(chosen, norms.size() * seeds);
        }

        private static int cores() {
            return Runtime.getRuntime().availableProcessors();
        }
    }

    /** Is told how a comparison goes, on the thread that called. */
    public interface Listener {
        /** @param done runs that had ended before */
        default void begins(Path folder, int runs, int done) {}

        /** What was found where the data are: what they are and how many. */
        default void data(String description) {}

        default void started(String norm, int seed, int number, int runs) {}

        /**
         * Some times a second.
         *
         * @param running what goes on now, with the last line of its metrics
         * @param share of all steps of all runs that are done
         * @param secondsLeft by the pace of this process; NaN while it cannot be told
         */
        default void progress(List<Running> running, double share, double secondsLeft) {}

        default void ended(String norm, int seed, RunResult result) {}

        /** The report was written; {@code toCome} runs have not ended. */
        default void report(Path html, Results results) {}

        /** Every run was asked to leave a checkpoint and has ended; the same command goes on. */
        default void stopped(Path folder) {}
    }

    /** A run that goes on; loss is NaN before its first step. */
    public record Running(String norm, int seed, long step, long steps, double loss) {}

    private record Job(String norm, int seed, int number) {}

    private final Plan plan;
    private final Listener listener;
    private final Path folder;
    private final long stepsOfARun;
    private final List<ChildRun> running = new ArrayList<>();
    private final Deque<Job> waiting = new ArrayDeque<>();
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
        int runs = plan.norms().size() * plan.seeds();
        for (int seed = 0; seed < plan.seeds(); seed++) {
            for (String norm : plan.norms()) {
                if (RunResult.read(plan.run(folder, norm, seed)).isPresent()) {
                    stepsDone += stepsOfARun;
                } else {
                    waiting.add(new Job(
                            norm,
                            seed,
                            seed * plan.norms().size() + plan.norms().indexOf(norm) + 1));
                }
            }
        }
        listener.begins(folder, runs, runs - waiting.size());
        began = System.nanoTime();
        stepsAtStart = stepsDone;
        Optional<Results> results = report();
        try {
            while (!waiting.isEmpty() || !running.isEmpty()) {
                if (stop.getAsBoolean()) {
                    endChildren();
                    listener.stopped(folder);
                    return Optional.empty();
                }
                boolean ended = reap(stop);
                fill();
                if (ended) {
                    results = report();
                }
                tell(runs);
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

    private void fill() throws IOException {
        while (running.size() < plan.sideBySide() && !waiting.isEmpty()) {
            Job job = waiting.remove();
            Path run = plan.run(folder, job.norm(), job.seed());
            running.add(ChildRun.start(run, plan.recipe(job.norm(), job.seed())));
            listener.started(job.norm(), job.seed(), job.number(), plan.norms().size() * plan.seeds());
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
            RunResult result = child.result();
            stepsDone += stepsOfARun;
            any = true;
            listener.ended(child.recipe().norm(), child.recipe().seed(), result);
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
