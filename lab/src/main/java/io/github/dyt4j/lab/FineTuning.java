package io.github.dyt4j.lab;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.lab.Results.Run;
import io.github.dyt4j.lab.Results.Setting;
import io.github.dyt4j.models.Models;
import io.github.dyt4j.training.Recipe;
import io.github.dyt4j.training.Recipes;
import io.github.dyt4j.training.TaskSetup;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.SequencedMap;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What a comparison of pretraining goes on with: the recipes of its key {@code finetune}, each a comparison of the same norms and seeds in which
 * every run begins with the run of its norm and seed; one for each data set where there are several. The model has the sizes of the
 * pretraining, as far as it takes them.
 */
public final class FineTuning {
    /** Model arguments that are the fine-tuning's own: its head, its classes, and what only regularises. */
    private static final Set<String> OWN = Set.of(
            "head",
            "num_classes",
            "vocab_size",
            "drop_path_rate",
            "drop_rate",
            "dropout",
            "attention_dropout",
            "activation_dropout",
            "layerdrop",
            "mask_time_prob",
            "mask_time_length",
            "mask_feature_prob",
            "mask_feature_length",
            "feature_grad_mult");

    /** What the data are made into for either stage. */
    private static final List<String> SHARED = List.of("sample_rate");

    private FineTuning() {}

    /**
     * The comparisons that follow this one, in order; none where its recipe names none.
     *
     * @throws UserError for a recipe or data that are not there
     */
    public static List<Plan> of(Plan pretraining) {
        List<Plan> stages = new ArrayList<>();
        for (String name : pretraining.recipe().finetune()) {
            Recipe recipe = Recipes.find(name);
            if (pretraining.recipe().has("finetune_data")) {
                Path data = Path.of(pretraining.recipe().text("finetune_data"));
                List<Path> sets = dataSets(data);
                if (sets.isEmpty()) {
                    stages.add(stage(pretraining, recipe.with("data", data), recipe.name()));
                }
                for (Path set : sets) {
                    stages.add(stage(pretraining, recipe.with("data", set), recipe.name() + "-" + set.getFileName()));
                }
            } else {
                stages.add(stage(pretraining, recipe, recipe.name()));
            }
        }
        return stages;
    }

    /** The data sets in a folder of several: folders with a train folder or file each, or tables; none where it is one itself. */
    private static List<Path> dataSets(Path folder) {
        if (!Files.exists(folder)) {
            throw new UserError("finetune_data is " + folder + ", and nothing is there.");
        }
        if (!Files.isDirectory(folder) || holdsTraining(folder)) {
            return List.of();
        }
        try (Stream<Path> inside = Files.list(folder)) {
            List<Path> members = inside.filter(p -> !p.getFileName().toString().startsWith("."))
                    .sorted()
                    .toList();
            if (members.stream().allMatch(FineTuning::table)) {
                return members;
            }
            List<Path> sets = members.stream()
                    .filter(p -> Files.isDirectory(p) && holdsTraining(p))
                    .toList();
            if (!sets.isEmpty() && sets.size() < members.size()) {
                Path other = members.stream()
                        .filter(p -> !sets.contains(p))
                        .findFirst()
                        .orElseThrow();
                throw new UserError("finetune_data is " + folder + ", a folder of data sets, and "
                        + other.getFileName() + " in it has no train folder as "
                        + sets.getFirst().getFileName()
                        + " has.\nGive it train and test, or take it away.");
            }
            return sets;
        } catch (IOException e) {
            throw new UserError(folder + " cannot be read: " + e.getMessage() + ".", e);
        }
    }

    private static boolean table(Path file) {
        return Files.isRegularFile(file) && file.getFileName().toString().matches("(?i).*\\.[ct]sv(\\.gz)?");
    }

    private static boolean holdsTraining(Path folder) {
        try (Stream<Path> inside = Files.list(folder)) {
            return inside.anyMatch(p -> p.getFileName().toString().matches("train(\\..*)?"));
        } catch (IOException e) {
            throw new UserError(folder + " cannot be read: " + e.getMessage() + ".", e);
        }
    }

    private static Plan stage(Plan pretraining, Recipe recipe, String name) {
        Recipe own = recipe.with("name", name).with("init", pretraining.folder().toAbsolutePath());
        for (String key : Models.arguments(recipe.model())) {
            Object size = pretraining.recipe().settings().get(key);
            if (size != null && !OWN.contains(key)) {
                own = own.with(key, size);
            }
        }
        for (String key : SHARED) {
            Object shared = pretraining.recipe().settings().get(key);
            if (shared != null && !shared.equals(own.settings().get(key))) {
                own = own.with(key, shared);
            }
        }
        List<Double> lrs = own.has("compare_lrs") ? own.numbers("compare_lrs") : List.of();
        return new Plan(
                own,
                pretraining.variants(),
                lrs,
                pretraining.seeds(),
                pretraining.folder().resolve("finetune").resolve(name),
                pretraining.jobs(),
                pretraining.command());
    }

    /**
     * Opens everything once, so that a mistake is known before the pretraining and not after it.
     *
     * @throws UserError for a mistake in a recipe or its data
     */
    public static void check(List<Plan> stages) {
        for (Plan stage : stages) {
            stage.checkMethods();
            stage.variants().forEach(v -> TaskSetup.requireNorm(v.in(stage.recipe())));
            try (TaskSetup setup = TaskSetup.of(stage.recipe())) {
                setup.epochs();
            }
        }
    }

    /** Writes the pretraining's report anew, with what has been fine-tuned by now in it. */
    public static void report(Plan pretraining) throws IOException {
        Study.write(pretraining, pretraining.folder());
    }

    /** What has been fine-tuned by now, by recipe and data set. */
    static SequencedMap<String, Results> results(Plan pretraining) throws IOException {
        SequencedMap<String, Results> results = new LinkedHashMap<>();
        for (Plan stage : of(pretraining)) {
            if (Files.exists(stage.folder())) {
                Study.read(stage, stage.folder())
                        .ifPresent(r -> results.put(stage.recipe().name(), r));
            }
        }
        return results;
    }

    /**
     * The mean over data sets of each run's value, as the paper's table of DNA has it (Table 6); nothing where there is one set alone, or they are not
     * judged by the same metric. A norm and seed count once every set has them.
     */
    public static Optional<Results> mean(List<Results> sets) {
        Results first = sets.getFirst();
        if (sets.size() < 2 || !sets.stream().allMatch(r -> r.metric().equals(first.metric()))) {
            return Optional.empty();
        }
        List<Outcome> outcomes = new ArrayList<>();
        for (Run run : first.runs()) {
            List<Run> own = sets.stream()
                    .flatMap(r -> r.runs(run.norm()).stream())
                    .filter(r -> r.seed() == run.seed() && r.value() != null)
                    .toList();
            if (own.size() == sets.size()) {
                outcomes.add(new Outcome(mean(run, own), new double[0]));
            }
        }
        SequencedMap<String, String> labels = new LinkedHashMap<>();
        first.summary().forEach(s -> labels.put(s.norm(), s.label()));
        return Optional.of(Results.of(
                new Setting(
                        first.recipe(),
                        first.command(),
                        first.environment(),
                        first.metric() + ", mean over " + sets.size() + " data sets",
                        first.unit(),
                        first.higherIsBetter(),
                        labels,
                        outcomes.size(),
                        null),
                outcomes));
    }

    private static Run mean(Run run, List<Run> own) {
        return new Run(
                run.norm(),
                run.seed(),
                own.stream()
                        .map(Run::value)
                        .filter(Objects::nonNull)
                        .mapToDouble(v -> v)
                        .average()
                        .orElseThrow(),
                null,
                own.stream().anyMatch(Run::diverged),
                0,
                own.stream().mapToLong(Run::peakBytes).max().orElse(0),
                List.of(),
                null);
    }
}
