package io.github.dyt4j.cli;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.lab.Compare;
import io.github.dyt4j.lab.FineTuning;
import io.github.dyt4j.lab.Plan;
import io.github.dyt4j.lab.RateSearch;
import io.github.dyt4j.lab.Results;
import io.github.dyt4j.training.StopSignal;
import java.io.IOException;
import java.io.PrintWriter;
import java.math.BigDecimal;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code dyt4j compare [RECIPE]}: the same model with several norms or without any, over several seeds, and a report. */
@Command(
        name = "compare",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = "Trains a model with several norms, all else equal, and writes a report that opens in a browser.")
final class CompareCommand implements Callable<Integer> {
    private static final int INTERRUPTED = 130;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Parameters(
            arity = "0..1",
            paramLabel = "RECIPE",
            defaultValue = "vit-mini",
            description = "A recipe's name (see list recipes) or a YAML file. Default: vit-mini, on built-in images.")
    private String recipe = "vit-mini";

    @Option(
            names = "--norm",
            paramLabel = "SPEC",
            description =
                    "A norm to compare; repeat it, the baseline first. 'dyt with lr=2e-3 and norm_order=post' has keys of the recipe otherwise "
                            + "than the others. Default: the recipe's compare_norms, else layernorm, dyt and "
                            + "'dyt(init=calibrated)'.")
    private @Nullable List<String> norms;

    @Option(
            names = "--method",
            paramLabel = "NAME",
            description =
                    "A way to train without any norm, to compare beside the norms: fixup, skipinit or sigmareparam; repeat it. Default: the "
                            + "recipe's compare_methods, unless --norm is given.")
    private @Nullable List<String> methods;

    @Option(
            names = "--lrs",
            paramLabel = "LR,LR,...",
            description =
                    "Learning rates: each norm and method is run at every one with seed 0, and its other seeds at its best. Default: the "
                            + "recipe's compare_lrs, else its lr for all.")
    private @Nullable String lrs;

    @Option(
            names = "--seeds",
            paramLabel = "N",
            description = "Runs of each norm. Default: the recipe's compare_seeds, else 3.")
    private @Nullable Integer seeds;

    @Mixin
    private RecipeOptions options = new RecipeOptions();

    @Option(
            names = "--out",
            paramLabel = "DIR",
            description =
                    "The comparison's folder. Default: runs/ and the recipe's name and a hash: the same command goes on in it.")
    private @Nullable Path out;

    @Option(
            names = "--jobs",
            paramLabel = "N",
            description = "Runs at a time. Default: as many as the cores carry where the recipe fixes threads, else 1.")
    private @Nullable Integer jobs;

    @Override
    public Integer call() throws IOException {
        String typed = Commands.typed(spec);
        PrintWriter err = spec.commandLine().getErr();
        Plan plan = Plan.of(options.apply(recipe), new Plan.Asked(norms, methods, rates(), seeds), out, jobs(), typed);
        List<Plan> stages = FineTuning.of(plan);
        FineTuning.check(stages);
        Optional<Results> results = run(plan, typed);
        if (results.isEmpty()) {
            return INTERRUPTED;
        }
        List<Results> tuned = new ArrayList<>();
        for (Plan stage : stages) {
            err.println("Fine-tuning " + stage.recipe().name() + ", each run from its own of the pretraining:");
            err.flush();
            Optional<Results> own = run(stage, typed);
            if (own.isEmpty()) {
                return INTERRUPTED;
            }
            tuned.add(own.get());
            FineTuning.report(plan);
        }
        PrintWriter answer = spec.commandLine().getOut();
        if (!tuned.isEmpty()) {
            answer.println("Pretraining, " + plan.recipe().name() + ":");
        }
        print(answer, results.get());
        for (Results own : tuned) {
            answer.println("\nFine-tuned, " + own.recipe() + ":");
            print(answer, own);
        }
        if (!tuned.isEmpty()) {
            FineTuning.mean(tuned).ifPresent(mean -> answer.println("\n" + mean.verdict()));
        }
        answer.println("Report: " + plan.folder().resolve("report.html"));
        answer.flush();
        return 0;
    }

    private Optional<Results> run(Plan plan, String typed) throws IOException {
        try (StopSignal stop = StopSignal.open();
                CompareProgress progress =
                        CompareProgress.open(spec.commandLine().getErr(), plan, typed)) {
            return Compare.run(plan, progress, stop);
        }
    }

    private static void print(PrintWriter answer, Results results) {
        answer.println(ResultTable.of(results));
        answer.println(results.verdict());
        RateSearch search = results.search();
        if (search != null && !search.beyond().isEmpty()) {
            answer.println(search.beyond());
        }
    }

    private @Nullable List<Double> rates() {
        if (lrs == null) {
            return null;
        }
        List<Double> rates = new ArrayList<>();
        for (String typed : lrs.split(",", -1)) {
            try {
                rates.add(new BigDecimal(typed.strip()).doubleValue());
            } catch (NumberFormatException e) {
                throw new UserError(
                        "--lrs " + lrs + ": '" + typed.strip()
                                + "' is not a number. It takes learning rates with commas between, as 3e-4,1e-3,3e-3.",
                        e);
            }
        }
        return rates;
    }

    private int jobs() {
        if (jobs == null) {
            return Plan.JOBS_BY_CORES;
        }
        if (jobs < 1) {
            throw new UserError("--jobs " + jobs + ": at least one run goes at a time.");
        }
        return jobs;
    }
}
