package io.github.dyt4j.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.training.Recipe;
import io.github.dyt4j.training.Recipes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FineTuningTest {
    private static final List<Variant> VARIANTS =
            List.of(Variant.norm("layernorm"), Variant.norm("dyt with lr=2e-3 and betas=[0.9, 0.95]"));

    @TempDir
    Path folder;

    private Plan pretraining(String finetune) throws Exception {
        Path vit = folder.resolve("tiny-vit.yaml");
        Files.writeString(vit, """
                model: vit_tiny_patch16_224
                global_pool: avg
                img_size: 28
                patch_size: 14
                scale: [1, 1]
                ratio: [1, 1]
                crop_pct: 1
                batch_size: 2000
                epochs: 1
                warmup_epochs: 0
                threads: 1
                """);
        Recipe recipe = Recipes.find("mae-mini");
        for (String set : List.of(
                "patch_size=14",
                "embed_dim=24",
                "depth=1",
                "num_heads=2",
                "decoder_embed_dim=16",
                "batch_size=2000",
                "epochs=1",
                "eval_interval=1",
                "warmup_epochs=0")) {
            recipe = recipe.with(set);
        }
        recipe = recipe.with("finetune", finetune.replace("VIT", vit.toString()));
        return new Plan(recipe, VARIANTS, List.of(), 1, folder.resolve("out"), 2, "dyt4j compare tiny");
    }

    @Test
    void eachRunOfAStageBeginsWithItsOwnPretraining() throws Exception {
        Plan plan = pretraining("VIT");
        List<Plan> stages = FineTuning.of(plan);
        assertThat(stages).hasSize(1);
        Plan stage = stages.getFirst();
        FineTuning.check(stages);
        assertThat(Compare.run(plan, new Compare.Listener() {}, () -> false)).isPresent();
        assertThat(folder.resolve("out/report.html")).content().doesNotContain("<h2>Fine-tuned</h2>");

        Results tuned =
                Compare.run(stage, new Compare.Listener() {}, () -> false).orElseThrow();
        FineTuning.report(plan);
        assertThat(tuned.metric()).isEqualTo("test accuracy");
        String html = Files.readString(folder.resolve("out/report.html"));
        assertThat(html)
                .contains(
                        "<h2>Fine-tuned</h2>",
                        "href=\"finetune/tiny-vit/report.html\"",
                        "DyT (α₀ = 0.5), lr=2e-3, betas=[0.9, 0.95]");
        Path run = stage.folder()
                .resolve(stage.jobs(_ -> OptionalDouble.empty()).getLast().slug());
        Recipe own = Recipe.read(run.resolve("recipe.yaml"));
        assertThat(own.integer("embed_dim")).isEqualTo(24);
        assertThat(own.number("lr")).isEqualTo(2e-3);
        assertThat(own.numbers("betas")).containsExactly(0.9, 0.95);
        assertThat(Path.of(own.text("init"))).isEqualTo(folder.resolve("out").resolve(run.getFileName()));
        assertThat(Recipe.read(stage.folder().resolve("layernorm-seed0/recipe.yaml"))
                        .number("lr"))
                .isEqualTo(0.001);
    }

    @Test
    void aFolderOfDataSetsIsAStageForEach() throws Exception {
        Plan one = pretraining("VIT");
        Path sets = folder.resolve("sets");
        Files.createDirectories(sets.resolve("b/train"));
        Files.createDirectories(sets.resolve("a/train"));
        Plan several = new Plan(
                one.recipe().with("finetune_data", sets), VARIANTS, List.of(), 1, folder.resolve("out"), 1, "compare");
        assertThat(FineTuning.of(several))
                .extracting(p -> p.recipe().name())
                .containsExactly("tiny-vit-a", "tiny-vit-b");
        assertThat(FineTuning.of(several))
                .extracting(p -> p.recipe().data())
                .containsExactly(sets.resolve("a").toString(), sets.resolve("b").toString());
        Files.createDirectories(sets.resolve("c/pos"));
        assertThatThrownBy(() -> FineTuning.of(several))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("c in it has no train folder as a has");
    }

    @Test
    void tablesAreAStageEach() throws Exception {
        Path sets = Files.createDirectories(folder.resolve("tables"));
        Files.writeString(sets.resolve("b.tsv"), "");
        Files.writeString(sets.resolve("a.CSV.gz"), "");
        Plan several = new Plan(
                pretraining("VIT").recipe().with("finetune_data", sets),
                VARIANTS,
                List.of(),
                1,
                folder.resolve("out"),
                1,
                "compare");
        assertThat(FineTuning.of(several))
                .extracting(p -> p.recipe().name())
                .containsExactly("tiny-vit-a.CSV.gz", "tiny-vit-b.tsv");
    }

    @Test
    void theMeanOverDataSetsIsOfEachSeed() {
        Results a = accuracies(new double[] {80, 82}, new double[] {81, 81});
        Results b = accuracies(new double[] {60, 62}, new double[] {63, 63});
        Results mean = FineTuning.mean(List.of(a, b)).orElseThrow();
        assertThat(mean.metric()).isEqualTo("test accuracy, mean over 2 data sets");
        assertThat(mean.runs()).extracting(Results.Run::value).containsExactly(70.0, 72.0, 72.0, 72.0);
        assertThat(mean.summary().get(1).difference()).isEqualTo(1.0, within(1e-12));
        assertThat(FineTuning.mean(List.of(a))).isEmpty();
    }

    private static Results accuracies(double[] layernorm, double[] dyt) {
        SequencedMap<String, String> labels = new LinkedHashMap<>(Map.of("layernorm", "LayerNorm"));
        labels.put("dyt", "DyT");
        List<Outcome> outcomes = new ArrayList<>();
        labels.keySet().forEach(norm -> {
            double[] values = norm.equals("dyt") ? dyt : layernorm;
            for (int seed = 0; seed < values.length; seed++) {
                outcomes.add(new Outcome(
                        new Results.Run(norm, seed, values[seed], null, false, 1, 1, List.of(), null), new double[0]));
            }
        });
        return Results.of(
                new Results.Setting("r", "compare", Map.of(), "test accuracy", "%", true, labels, 4, null), outcomes);
    }

    @Test
    void mistakesAreSentencesBeforeAnythingRuns() throws Exception {
        assertThatThrownBy(() -> FineTuning.of(pretraining("vit-minni")))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("Unknown recipe 'vit-minni'");
        Plan nowhere = pretraining("VIT");
        assertThatThrownBy(() -> FineTuning.of(new Plan(
                        nowhere.recipe().with("finetune_data", folder.resolve("none")),
                        VARIANTS,
                        List.of(),
                        1,
                        folder.resolve("out"),
                        1,
                        "compare")))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("nothing is there");
        assertThatThrownBy(() -> Variant.norm("dyt with epochs=3"))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("all that is compared shares epochs");
        assertThatThrownBy(() -> Variant.norm("dyt with lrr=3").in(Recipe.defaults()))
                .isInstanceOf(UserError.class)
                .hasMessage("'dyt with lrr=3': lrr=3: unknown key 'lrr'. Did you mean 'lr'?");
        assertThat(Variant.norm("dyt( alpha=1 ) with  lr = 2e-3 and  norm_order=post"))
                .hasToString("dyt(alpha=1.0) with lr=2e-3 and norm_order=post");
    }
}
