package io.github.dyt4j.lab;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.Models;
import io.github.dyt4j.training.Recipe;
import io.github.dyt4j.training.RecipeKeys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * What is compared.
 *
 * @param recipe with its overrides; its norm, method and seed do not matter, nor its learning rate where there are {@code lrs}
 * @param variants norms and methods, the baseline first
 * @param lrs learning rates of which each variant's best is taken, in rising order; empty: the recipe's for all
 * @param seeds 0 to seeds − 1
 * @param out the folder; null for {@code runs/NAME-HASH}, where the hash is of everything that decides the results
 * @param jobs runs at a time; {@link #JOBS_BY_CORES} for as many as the cores carry where the recipe fixes the threads of a run, else one. A recipe that
 *     leaves its threads open has the cores split among the jobs.
 * @param command how the user asked for it, for the report
 */
public record Plan(
        Recipe recipe,
        List<Variant> variants,
        List<Double> lrs,
        int seeds,
        @Nullable Path out,
        int jobs,
        String command) {
    /** Leaves the number of runs at a time to recipe and cores. */
    public static final int JOBS_BY_CORES = 0;

    public static final List<String> NORMS = List.of("layernorm", "dyt", "dyt(init=calibrated)");
    public static final int SEEDS = 3;

    /** What was asked for beside the recipe; null where nothing was. */
    public record Asked(
            @Nullable List<String> norms,
            @Nullable List<String> methods,
            @Nullable List<Double> lrs,
            @Nullable Integer seeds) {
        public static final Asked NOTHING = new Asked(null, null, null, null);
    }

    public Plan {
        Set<Variant> seen = new HashSet<>();
        for (Variant v : variants) {
            if (!seen.add(v)) {
                String kind = v.method() ? "method" : "norm";
                throw new UserError("The " + kind + " '" + v + "' is asked for twice; --" + kind + " takes each once.");
            }
        }
        if (variants.size() < 2) {
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
        variants = List.copyOf(variants);
        lrs = lrs.stream().sorted().toList();
        checkRates(recipe, variants, lrs);
        recipe = recipe.withAbsolutePaths();
    }

    private static void checkRates(Recipe recipe, List<Variant> variants, List<Double> lrs) {
        if (lrs.isEmpty()) {
            return;
        }
        if (lrs.size() == 1 || new HashSet<>(lrs).size() < lrs.size()) {
            throw new UserError("A search among learning rates takes two or more, each once.\n"
                    + "For example: --lrs 3e-4,1e-3,3e-3; for a single rate --set lr=1e-3.");
        }
        double most = Objects.requireNonNull(RecipeKeys.all().get("lr")).max();
        for (double lr : lrs) {
            if (!(lr > 0 && lr <= most)) {
                throw new UserError("The learning rate " + (Double.isFinite(lr) ? Job.rate(lr) : lr)
                        + " cannot be tried: a rate is above 0 and at most "
                        + Job.rate(most) + ".");
            }
        }
        for (Variant v : variants) {
            if (Recipe.settingsOf(v.name()).stream().anyMatch(s -> s.startsWith("lr="))) {
                throw new UserError(
                        "'" + v + "' has a learning rate of its own, and " + lrs.size()
                                + " are tried for each.\nLeave lr away, or try none: without --lrs, or with --set compare_lrs=none.");
            }
            checkFloor(v.in(recipe), lrs.getFirst());
        }
    }

    /** Refuses a least rate that is below where the schedule begins or ends. */
    private static void checkFloor(Recipe recipe, double least) {
        for (String key : List.of("min_lr", "warmup_lr")) {
            if (recipe.number(key) > least) {
                throw new UserError("The learning rate " + Job.rate(least) + " cannot be tried: " + key + " is "
                        + Job.rate(recipe.number(key)) + ", which is above it.\nLeave it away, or set " + key + "=0.");
            }
        }
    }

    /**
     * What a recipe would have compared, unless something else is asked for. Norms that are asked for alone come without the recipe's methods;
     * methods that are asked for come beside the recipe's norms. A recipe that names no norms has {@link #NORMS} compared.
     */
    public static Plan of(Recipe recipe, Asked asked, @Nullable Path out, int jobs, String command) {
        List<String> own = recipe.compareNorms().isEmpty() ? NORMS : recipe.compareNorms();
        List<String> norms = asked.norms() != null ? asked.norms() : own;
        List<String> methods =
                asked.methods() != null ? asked.methods() : asked.norms() != null ? List.of() : recipe.compareMethods();
        List<Double> lrs = asked.lrs() != null
                ? asked.lrs()
                : recipe.has("compare_lrs") ? recipe.numbers("compare_lrs") : List.of();
        int seeds = asked.seeds() != null
                ? asked.seeds()
                : recipe.has("compare_seeds") ? recipe.integer("compare_seeds") : SEEDS;
        List<Variant> variants = Stream.concat(
                        norms.stream().map(Variant::norm), methods.stream().map(Variant::method))
                .toList();
        return new Plan(recipe, variants, lrs, seeds, out, jobs, command);
    }

    /** Whether rates are tried before seeds. */
    public boolean searches() {
        return !lrs.isEmpty();
    }

    /** Refuses a method for a model that has none, before anything is written. */
    void checkMethods() {
        for (Variant v : variants) {
            if (v.method()) {
                Recipe own = v.in(recipe);
                Models.config(own.model(), own.modelArguments());
            }
        }
    }

    /** How many runs it takes in all. */
    public int runs() {
        return variants.size() * (searches() ? lrs.size() + seeds - 1 : seeds);
    }

    /**
     * The runs in order, as far as they are known. Without a search seed by seed, every variant in turn, so that a comparison that is cut short
     * is still paired. With one first every rate of each variant with seed 0, then the other seeds of each at the rate that was chosen.
     *
     * @param chosen the rate of a variant; nothing while it is not known
     */
    List<Job> jobs(Function<Variant, OptionalDouble> chosen) {
        List<Job> known = new ArrayList<>();
        for (Variant v : variants) {
            for (double lr : lrs) {
                known.add(new Job(v, lr, 0));
            }
        }
        for (int seed = searches() ? 1 : 0; seed < seeds; seed++) {
            for (Variant v : variants) {
                OptionalDouble lr = searches() ? chosen.apply(v) : OptionalDouble.empty();
                if (!searches() || lr.isPresent()) {
                    known.add(new Job(v, searches() ? (Double) lr.getAsDouble() : null, seed));
                }
            }
        }
        return known;
    }

    /** Everything that decides the results, by key. */
    Map<String, Object> identity() {
        Map<String, Object> identity = new LinkedHashMap<>();
        recipe.identity().forEach((key, value) -> identity.put(key, String.valueOf(value)));
        List.of("norm", "method", "seed").forEach(identity::remove);
        // The last bits depend on it, so runs of one comparison share it.
        identity.put("threads", String.valueOf(threads()));
        identity.put("norms", variants.stream().map(Variant::name).collect(Collectors.joining("; ")));
        identity.put("seeds", String.valueOf(seeds));
        if (searches()) {
            identity.remove("lr");
            identity.put("lrs", lrs.stream().map(Job::rate).collect(Collectors.joining(", ")));
        }
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

    Path run(Path folder, Job job) {
        return folder.resolve(job.slug());
    }

    /** Of one run. Where the start is a comparison's folder, it is the run there of the same variant and seed. */
    Recipe recipe(Job job) throws IOException {
        Recipe own = job.variant().in(recipe).with("seed", job.seed());
        if (job.lr() != null) {
            own = own.with("lr", job.lr());
        }
        if (recipe.has("init")) {
            Path init = Path.of(recipe.text("init"));
            if (Files.exists(init.resolve(Compare.FILE))) {
                Double lr = RateSearch.chosenIn(init, job.variant());
                own = own.with("init", run(init, new Job(job.variant(), lr, job.seed())));
            }
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
        return Math.min(chosen, runs());
    }

    private static int cores() {
        return Runtime.getRuntime().availableProcessors();
    }
}
