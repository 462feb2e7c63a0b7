package io.github.dyt4j.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.lab.Plan.Asked;
import io.github.dyt4j.training.Recipe;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PlanTest {
    private static final List<Variant> NORMS = norms("layernorm", "dyt(init=calibrated)");

    private static List<Variant> norms(String... specs) {
        return Stream.of(specs).map(Variant::norm).toList();
    }

    private static Recipe tiny() {
        return CompareTest.tiny();
    }

    private static Plan plan(Recipe recipe, List<Variant> variants, List<Double> lrs, int seeds) {
        return new Plan(recipe, variants, lrs, seeds, null, 1, "");
    }

    private static Plan plan(Recipe recipe, List<Variant> variants, int seeds) {
        return plan(recipe, variants, List.of(), seeds);
    }

    private static Plan of(Recipe recipe, Asked asked) {
        return Plan.of(recipe, asked, null, 1, "");
    }

    @Test
    void whatComparesNothingIsRefused() {
        Recipe r = tiny();
        assertThatThrownBy(() -> plan(r, norms("dyt"), 3)).hasMessageContaining("two norms");
        assertThatThrownBy(() -> plan(r, norms("dyt", "dyt()"), 3)).hasMessageContaining("twice");
        assertThatThrownBy(() -> plan(r, NORMS, 0)).hasMessageContaining("--seeds 0");
        assertThatThrownBy(() -> norms("layernorm", "dytt")).isInstanceOf(UserError.class);
        assertThatThrownBy(() -> Variant.method("fixpu"))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("'fixup'");
        assertThatThrownBy(() ->
                        plan(r, List.of(Variant.norm("dyt"), Variant.method("fixup"), Variant.method("fixup")), 1))
                .hasMessageContaining("--method takes each once");
    }

    @Test
    void aRecipeSaysWhatIsComparedUnlessOtherwiseAsked() {
        Recipe own = tiny().with("compare_norms=rmsnorm; dyt ;derf(init=calibrated)")
                .with("compare_seeds=2")
                .with("compare_methods=fixup; sigmareparam")
                .with("compare_lrs=[1e-3, 3e-4]");
        Plan plan = of(own, Asked.NOTHING);
        assertThat(plan.variants())
                .extracting(Variant::name)
                .containsExactly("rmsnorm", "dyt", "derf(init=calibrated)", "fixup", "sigmareparam");
        assertThat(plan.seeds()).isEqualTo(2);
        assertThat(plan.lrs()).containsExactly(3e-4, 1e-3);
        Plan norms = of(own, new Asked(List.of("layernorm", "dyt"), null, null, 1));
        assertThat(norms.variants()).extracting(Variant::name).containsExactly("layernorm", "dyt");
        assertThat(norms.seeds()).isEqualTo(1);
        Plan methods = of(own, new Asked(null, List.of("skipinit"), List.of(2e-3, 1e-3), null));
        assertThat(methods.variants())
                .extracting(Variant::name)
                .containsExactly("rmsnorm", "dyt", "derf(init=calibrated)", "skipinit");
        assertThat(methods.lrs()).containsExactly(1e-3, 2e-3);
        Plan usual = of(tiny(), Asked.NOTHING);
        assertThat(usual.variants())
                .extracting(Variant::name)
                .containsExactly("layernorm", "dyt", "dyt(init=calibrated)");
        assertThat(usual.seeds()).isEqualTo(3);
        assertThat(usual.searches()).isFalse();
        // It is what is compared that names the folder, and not who said so.
        Recipe norms3 = tiny().with("compare_norms=dyt").with("compare_lrs=[1, 2]");
        assertThat(of(norms3, new Asked(Plan.NORMS, List.of(), List.of(), 3)).folder())
                .isEqualTo(usual.folder());
        assertThat(plan.folder()).isNotEqualTo(usual.folder());
    }

    @Test
    void folderOfAComparisonIsItsOwn() {
        Recipe r = tiny();
        Path base = plan(r, NORMS, 3).folder();
        assertThat(base.toString()).matches("runs/vit-mini-[0-9a-f]{8}");
        assertThat(plan(r.with("seed=5").with("norm=dyt"), NORMS, 3).folder()).isEqualTo(base);
        assertThat(Stream.of(
                                plan(r.with("lr=7e-4"), NORMS, 3),
                                plan(r, NORMS, 2),
                                plan(r, NORMS.reversed(), 3),
                                plan(r.with("data", "x"), NORMS, 3),
                                plan(r, List.of(NORMS.getFirst(), Variant.method("fixup")), 3),
                                plan(r, NORMS, List.of(1e-3, 3e-3), 3),
                                plan(r, NORMS, List.of(1e-3, 2e-3), 3))
                        .map(Plan::folder)
                        .distinct())
                .hasSize(7)
                .doesNotContain(base);
        // Where rates are searched, the recipe's own says nothing.
        assertThat(plan(r.with("lr=7e-4"), NORMS, List.of(3e-3, 1e-3), 3).folder())
                .isEqualTo(plan(r, NORMS, List.of(1e-3, 3e-3), 3).folder());
    }

    @Test
    void withoutASearchRunsGoSeedBySeed() {
        Plan plan = plan(tiny(), NORMS, 2);
        assertThat(plan.runs()).isEqualTo(4);
        assertThat(plan.jobs(_ -> OptionalDouble.empty()))
                .extracting(Job::toString)
                .containsExactly(
                        "layernorm seed 0",
                        "dyt(init=calibrated) seed 0",
                        "layernorm seed 1",
                        "dyt(init=calibrated) seed 1");
    }

    @Test
    void aSearchTriesEveryRateWithSeed0AndGoesOnAtTheBest() {
        Plan plan = plan(tiny(), List.of(Variant.norm("dyt"), Variant.method("skipinit")), List.of(3e-3, 3e-4), 3);
        assertThat(plan.runs()).isEqualTo(8);
        Map<Variant, Double> chosen = new HashMap<>();
        List<String> grid = List.of(
                "dyt lr 0.0003 seed 0", "dyt lr 0.003 seed 0", "skipinit lr 0.0003 seed 0", "skipinit lr 0.003 seed 0");
        assertThat(names(plan, chosen)).containsExactlyElementsOf(grid);
        chosen.put(Variant.method("skipinit"), 3e-4);
        assertThat(names(plan, chosen).subList(4, 6))
                .containsExactly("skipinit lr 0.0003 seed 1", "skipinit lr 0.0003 seed 2");
        chosen.put(Variant.norm("dyt"), 3e-3);
        assertThat(names(plan, chosen).subList(4, 8))
                .containsExactly(
                        "dyt lr 0.003 seed 1",
                        "skipinit lr 0.0003 seed 1",
                        "dyt lr 0.003 seed 2",
                        "skipinit lr 0.0003 seed 2");
    }

    private static List<String> names(Plan plan, Map<Variant, Double> chosen) {
        return plan
                .jobs(v -> {
                    Double lr = chosen.get(v);
                    return lr == null ? OptionalDouble.empty() : OptionalDouble.of(lr);
                })
                .stream()
                .map(Job::toString)
                .toList();
    }

    @Test
    void aRunsRecipeHasItsNormOrMethodRateAndSeed() throws Exception {
        Plan plan = plan(tiny().with("method=skipinit").with("norm=identity"), NORMS, List.of(1e-3, 3e-3), 1);
        Recipe fixup = plan.recipe(new Job(Variant.method("fixup"), 3e-3, 4));
        assertThat(fixup.norm()).isEqualTo("identity");
        assertThat(fixup.variant()).isEqualTo("fixup");
        assertThat(fixup.number("lr")).isEqualTo(3e-3);
        assertThat(fixup.seed()).isEqualTo(4);
        Recipe dyt = plan.recipe(new Job(NORMS.get(1), 1e-3, 0));
        assertThat(dyt.has("method")).isFalse();
        assertThat(dyt.variant()).isEqualTo("dyt(init=calibrated)");
        assertThat(new Job(NORMS.get(1), 3e-4, 2).slug()).isEqualTo("dyt-init-calibrated-lr0.0003-seed2");
        assertThat(new Job(Variant.method("fixup"), null, 0).slug()).isEqualTo("fixup-seed0");
    }

    @Test
    void ratesThatTheRecipeCannotFollowAreRefused() {
        Recipe r = tiny();
        assertThatThrownBy(() -> plan(r, NORMS, List.of(1e-3), 1)).hasMessageContaining("two or more");
        assertThatThrownBy(() -> plan(r, NORMS, List.of(1e-3, 1e-3), 1)).hasMessageContaining("each once");
        assertThatThrownBy(() -> plan(r, NORMS, List.of(0.0, 1e-3), 1))
                .hasMessageContaining("The learning rate 0 cannot be tried");
        assertThatThrownBy(() -> plan(r.with("min_lr=1e-4"), NORMS, List.of(1e-5, 1e-3), 1))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("0.00001 cannot be tried: min_lr is 0.0001");
        assertThatThrownBy(() -> plan(r.with("warmup_lr=1e-4"), NORMS, List.of(1e-5, 1e-3), 1))
                .hasMessageContaining("warmup_lr is 0.0001");
    }
}
