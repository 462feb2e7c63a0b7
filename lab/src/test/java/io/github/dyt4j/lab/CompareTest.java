package io.github.dyt4j.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.training.Recipe;
import io.github.dyt4j.training.Recipes;
import io.github.dyt4j.training.Task;
import io.github.dyt4j.training.run.Metrics;
import io.github.dyt4j.training.run.RunResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class CompareTest {
    private static final List<String> NORMS = List.of("layernorm", "dyt(init=calibrated)");
    private static final List<Variant> VARIANTS =
            NORMS.stream().map(Variant::norm).toList();

    @TempDir
    Path folder;

    /** A model and a batch so small that a run takes seconds. */
    static Recipe tiny() {
        Recipe recipe = Recipes.find("vit-mini");
        for (String set : List.of(
                "lr=1e-3",
                "patch_size=14",
                "embed_dim=24",
                "depth=1",
                "num_heads=2",
                "batch_size=2000",
                "epochs=1",
                "warmup_epochs=0",
                "threads=1")) {
            recipe = recipe.with(set);
        }
        return recipe;
    }

    private Plan plan(Recipe recipe, int seeds) {
        return new Plan(recipe, VARIANTS, List.of(), seeds, folder.resolve("out"), 1, "dyt4j compare tiny");
    }

    /** What the listener was told, a word each. */
    private static class Log implements Compare.Listener {
        final List<String> lines = new ArrayList<>();

        @Override
        public void begins(Path folder, int runs, int done) {
            lines.add("begins " + done + "/" + runs);
        }

        @Override
        public void started(Job job, int runs) {
            lines.add("started " + job);
        }

        @Override
        public void ended(Job job, RunResult result) {
            lines.add("ended " + job);
        }

        @Override
        public void chose(Variant variant, double lr) {
            lines.add("chose " + variant + " " + Job.rate(lr));
        }

        @Override
        public void report(Path html, Results results) {
            lines.add("report " + results.runsToCome());
        }

        @Override
        public void stopped(Path folder) {
            lines.add("stopped");
        }
    }

    @Test
    void runsEveryNormWithEverySeedAndNoneTwice() throws Exception {
        Log first = new Log();
        Results results = Compare.run(plan(tiny(), 2), first, () -> false).orElseThrow();
        String dyt = NORMS.get(1);
        assertThat(first.lines.stream().filter(l -> l.startsWith("started")))
                .containsExactly(
                        "started layernorm seed 0",
                        "started " + dyt + " seed 0",
                        "started layernorm seed 1",
                        "started " + dyt + " seed 1");
        assertThat(first.lines).contains("report 3", "report 0").startsWith("begins 0/4");
        assertThat(results.runs()).hasSize(4).allSatisfy(r -> {
            assertThat(r.value()).isBetween(0.0, 100.0);
            assertThat(r.msPerStep()).isPositive();
            assertThat(r.peakBytes()).isGreaterThan(50L << 20);
        });
        Path out = folder.resolve("out");
        JsonNode json = Report.JSON.readTree(Files.readString(out.resolve("results.json")));
        assertThat(json.get("environment").get("libtorch").asString()).isNotBlank();
        assertThat(json.get("summary").get(1).get("bootstrapLow95").isNumber()).isTrue();
        String html = Files.readString(out.resolve("report.html"));
        assertThat(html).contains("fc_norm", "Where DyT (calibrated) began", "dyt4j compare tiny");

        FileTime result = Files.getLastModifiedTime(out.resolve("layernorm-seed0/result.json"));
        Log second = new Log();
        assertThat(Compare.run(plan(tiny(), 2), second, () -> false)).contains(results);
        assertThat(second.lines).containsExactly("begins 4/4", "report 0");
        assertThat(Files.getLastModifiedTime(out.resolve("layernorm-seed0/result.json")))
                .isEqualTo(result);

        assertThatThrownBy(() -> Compare.run(plan(tiny().with("lr=7e-4"), 2), second, () -> false))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("another comparison: lr is 0.001 there, 7.0E-4 here");
    }

    @Test
    void aStoppedComparisonGoesOnFromItsCheckpoint() throws Exception {
        Recipe longer = tiny().with("batch_size=100").with("epochs=40");
        Log log = stopAfter(longer, 3);
        assertThat(log.lines).endsWith("stopped");
        Path run = folder.resolve("out/layernorm-seed0");
        try (Stream<Path> checkpoints = Files.list(run.resolve("checkpoints"))) {
            assertThat(checkpoints).hasSizeBetween(1, 2);
        }
        assertThat(run.resolve("result.json")).doesNotExist();
        assertThat(ProcessHandle.current()
                        .children()
                        .filter(p -> p.info().commandLine().orElse("").contains("RunMain")))
                .as("runs that were left behind")
                .isEmpty();
        long reached = Metrics.read(run.resolve("metrics.jsonl")).size();

        stopAfter(longer, reached + 3);
        assertThat(Files.readString(run.resolve("log.txt"))).containsPattern("Goes on after step \\d+ of");
        assertThat(Metrics.read(run.resolve("metrics.jsonl"))).hasSizeGreaterThan((int) reached);
    }

    private Log stopAfter(Recipe recipe, long step) throws Exception {
        AtomicBoolean stop = new AtomicBoolean();
        Log log = new Log() {
            @Override
            public void progress(List<Compare.Running> running, double share, double secondsLeft) {
                if (!running.isEmpty() && running.getFirst().step() > step) {
                    stop.set(true);
                }
            }
        };
        assertThat(Compare.run(plan(recipe, 1), log, stop::get)).isEmpty();
        return log;
    }

    @Test
    void passesARunsOwnMessageOn() throws Exception {
        Recipe bad = tiny().with("mean=[0.1, 0.2]"); // of two channels, which the run alone looks at
        assertThatThrownBy(() -> Compare.run(plan(bad, 1), new Log(), () -> false))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("mean");
        assertThat(folder.resolve("out/layernorm-seed0/log.txt")).content().contains("mistake: ");
    }

    @Test
    void aModelThatCannotBeIsRefusedBeforeAnyRun() {
        assertThatThrownBy(() -> Compare.run(plan(tiny().with("num_heads=5"), 1), new Log(), () -> false))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("num_heads");
        assertThat(folder.resolve("out")).doesNotExist();
    }

    @Test
    void aRunThatFailsSaysWhyInOneSentence() throws Exception {
        assertThat(Compare.run(plan(tiny(), 1), new Log(), () -> true)).isEmpty();
        Files.createDirectories(folder.resolve("out/layernorm-seed0/sites.jsonl"));
        assertThatThrownBy(() -> Compare.run(plan(tiny(), 1), new Log(), () -> false))
                .isInstanceOf(IOException.class)
                .hasMessageMatching(
                        "The run \\S+ failed \\(exit code 1\\): \\S+sites.jsonl: Is a directory\nAll that .*");
    }

    @Test
    void refusesAFolderThatHoldsSomethingElse() throws Exception {
        Files.createDirectories(folder.resolve("out"));
        Files.writeString(folder.resolve("out/thesis.txt"), "precious");
        assertThatThrownBy(() -> Compare.run(plan(tiny(), 1), new Log(), () -> false))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("thesis.txt");
        assertThat(folder.resolve("out/thesis.txt")).hasContent("precious");
    }

    /**
     * Fixup beside LayerNorm at two rates, stopped in the search and gone on with. The second rate is so high that LayerNorm's model cannot
     * learn.
     */
    @Test
    void ratesAreTriedWithSeed0AndTheOtherSeedsRunAtTheBest() throws Exception {
        Plan search = new Plan(
                tiny().with("batch_size=500").with("epochs=2"),
                List.of(Variant.norm("layernorm"), Variant.method("fixup")),
                List.of(30.0, 3e-3),
                2,
                folder.resolve("out"),
                1,
                "dyt4j compare tiny");
        Log first = new Log();
        assertThat(Compare.run(search, first, () -> first.lines.contains("ended layernorm lr 30 seed 0")))
                .isEmpty();
        assertThat(first.lines).containsSubsequence("chose layernorm 0.003", "stopped");
        Log second = new Log();
        Results results = Compare.run(search, second, () -> false).orElseThrow();
        assertThat(second.lines).startsWith("begins 2/6");
        assertThat(second.lines.stream().filter(l -> l.matches("(started|chose).*")))
                .containsExactly(
                        "started fixup lr 0.003 seed 0",
                        "started fixup lr 30 seed 0",
                        "chose fixup 0.003",
                        "started layernorm lr 0.003 seed 1",
                        "started fixup lr 0.003 seed 1");
        RateSearch tried = Objects.requireNonNull(results.search());
        assertThat(tried.choices())
                .hasSize(2)
                .allSatisfy(c -> assertThat(c.runs()).hasSize(2));
        assertThat(results.runs()).hasSize(4).extracting(Results.Run::lr).containsOnly(3e-3);
        assertThat(results.runsToCome()).isZero();
        assertThat(results.summary()).extracting(Results.Summary::label).containsExactly("LayerNorm", "Fixup");
        String html = Files.readString(folder.resolve("out/report.html"));
        assertThat(html)
                .contains("<h3>Which learning rate</h3>", "the lowest of the grid for LayerNorm and Fixup")
                .contains("With Fixup: no norm; the head and the last layer")
                .contains("Norm or method", "# method: each of fixup", "# lr: each of 0.003; 30");
        assertThat(Files.readString(folder.resolve("out/results.csv")).lines())
                .hasSize(7)
                .anyMatch(l -> l.startsWith("fixup,1,") && l.endsWith(",0.003,true"))
                .anyMatch(l -> l.startsWith("fixup,0,") && l.endsWith(",30.0,false"));
        Log third = new Log();
        assertThat(Compare.run(search, third, () -> false)).contains(results);
        assertThat(third.lines).containsExactly("begins 6/6", "report 0");
        // Fine-tuning from it takes each variant's run at its own rate.
        Recipe tuned = new Plan(
                        tiny().with("init", folder.resolve("out")), search.variants(), List.of(), 1, null, 1, "")
                .recipe(new Job(Variant.method("fixup"), null, 1));
        assertThat(tuned.text("init"))
                .isEqualTo(folder.resolve("out/fixup-lr0.003-seed1").toString());
    }

    @Test
    void aMethodForAModelThatHasNoneIsRefusedBeforeAnyRun() {
        Plan plan = new Plan(
                Recipes.find("llama-mini"),
                List.of(Variant.norm("rmsnorm"), Variant.method("skipinit")),
                List.of(),
                1,
                folder.resolve("out"),
                1,
                "");
        assertThatThrownBy(() -> Compare.run(plan, new Log(), () -> false))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("has no 'method'");
        assertThat(folder.resolve("out")).doesNotExist();
    }

    /** Paired: with the same seed all weights but the norms' own start equal, bit by bit, and with another seed they do not. */
    @Test
    void runsOfOneSeedShareTheWeightsOfAllOtherLayers() {
        Map<String, float[]> layernorm = otherWeights("layernorm", 0);
        for (String norm : List.of("dyt", "derf", "rmsnorm", "dyt(per_channel=true)")) {
            Map<String, float[]> other = otherWeights(norm, 0);
            assertThat(other.keySet()).isEqualTo(layernorm.keySet());
            other.forEach((name, values) ->
                    assertThat(values).as("%s with %s", name, norm).isEqualTo(layernorm.get(name)));
        }
        assertThat(otherWeights("dyt", 1).get("blocks.0.attn.qkv.weight"))
                .isNotEqualTo(layernorm.get("blocks.0.attn.qkv.weight"));
    }

    private static Map<String, float[]> otherWeights(String norm, int seed) {
        Recipe recipe = tiny().with("norm", norm).with("seed", seed);
        try (Task task = Task.of(recipe)) {
            List<String> sites = task.model().norms().sites().stream()
                    .map(s -> s.name() + ".")
                    .collect(Collectors.toList());
            Map<String, float[]> weights = new TreeMap<>();
            new LinkedHashMap<>(task.model().parameters().state()).forEach((name, t) -> {
                if (sites.stream().noneMatch(name::startsWith)) {
                    weights.put(name, Tensors.floats(t));
                }
            });
            assertThat(weights).hasSizeGreaterThan(5);
            return weights;
        }
    }
}
