package io.github.dyt4j.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.lab.Compare.Plan;
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
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class CompareTest {
    private static final List<String> NORMS = List.of("layernorm", "dyt(init=calibrated)");

    @TempDir
    Path folder;

    /** A model and a batch so small that a run takes seconds. */
    private static Recipe tiny() {
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
        return new Plan(recipe, NORMS, seeds, folder.resolve("out"), 1, "dyt4j compare tiny");
    }

    /** What the listener was told, a word each. */
    private static class Log implements Compare.Listener {
        final List<String> lines = new ArrayList<>();

        @Override
        public void begins(Path folder, int runs, int done) {
            lines.add("begins " + done + "/" + runs);
        }

        @Override
        public void started(String norm, int seed, int number, int runs) {
            lines.add("started " + norm + " " + seed + " " + number + "/" + runs);
        }

        @Override
        public void ended(String norm, int seed, RunResult result) {
            lines.add("ended " + norm + " " + seed);
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
                        "started layernorm 0 1/4",
                        "started " + dyt + " 0 2/4",
                        "started layernorm 1 3/4",
                        "started " + dyt + " 1 4/4");
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

    @Test
    void refusesPlansThatCompareNothing() {
        Recipe r = tiny();
        assertThatThrownBy(() -> new Plan(r, List.of("dyt"), 3, null, 1, "")).hasMessageContaining("two norms");
        assertThatThrownBy(() -> new Plan(r, List.of("dyt", "dyt()"), 3, null, 1, ""))
                .hasMessageContaining("twice");
        assertThatThrownBy(() -> new Plan(r, NORMS, 0, null, 1, "")).hasMessageContaining("--seeds 0");
        assertThatThrownBy(() -> new Plan(r, List.of("layernorm", "dytt"), 3, null, 1, ""))
                .isInstanceOf(UserError.class);
    }

    @Test
    void aRecipeSaysWhatIsComparedUnlessOtherwiseAsked() {
        Recipe own =
                tiny().with("compare_norms=rmsnorm; dyt ;derf(init=calibrated)").with("compare_seeds=2");
        Plan plan = Plan.of(own, null, null, null, 1, "");
        assertThat(plan.norms()).containsExactly("rmsnorm", "dyt", "derf(init=calibrated)");
        assertThat(plan.seeds()).isEqualTo(2);
        Plan asked = Plan.of(own, NORMS, 1, null, 1, "");
        assertThat(asked.norms()).isEqualTo(NORMS);
        assertThat(asked.seeds()).isEqualTo(1);
        Plan usual = Plan.of(tiny(), null, null, null, 1, "");
        assertThat(usual.norms()).containsExactly("layernorm", "dyt", "dyt(init=calibrated)");
        assertThat(usual.seeds()).isEqualTo(3);
        // It is what is compared that names the folder, and not who said so.
        assertThat(Plan.of(own, usual.norms(), 3, null, 1, "").folder()).isEqualTo(usual.folder());
        assertThat(plan.folder()).isNotEqualTo(usual.folder());
    }

    @Test
    void folderOfAComparisonIsItsOwn() {
        Recipe r = tiny();
        Path base = new Plan(r, NORMS, 3, null, 1, "a").folder();
        assertThat(base.toString()).matches("runs/vit-mini-[0-9a-f]{8}");
        assertThat(new Plan(r.with("seed=5").with("norm=dyt"), NORMS, 3, null, 2, "b").folder())
                .isEqualTo(base);
        assertThat(Stream.of(
                                new Plan(r.with("lr=7e-4"), NORMS, 3, null, 1, "a"),
                                new Plan(r, NORMS, 2, null, 1, "a"),
                                new Plan(r, NORMS.reversed(), 3, null, 1, "a"),
                                new Plan(r.with("data", "x"), NORMS, 3, null, 1, "a"))
                        .map(Plan::folder)
                        .distinct())
                .hasSize(4)
                .doesNotContain(base);
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
