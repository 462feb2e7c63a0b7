package io.github.dyt4j.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.training.Recipes;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** A small model's steps, for a moment: what rows there are and what they must agree with, not how long they take. */
final class ModelBenchTest {
    @Test
    void everyNormHasAStepAndAShareAndDytItsGoal() {
        List<NormSpec> norms =
                Stream.of("layernorm", "dyt", "identity").map(NormSpec::parse).toList();
        var recipe =
                Recipes.find("vit-mini").with("batch_size", 8).with("depth", 2).with("grad_accum_steps", 4);
        ModelPlan plan = new ModelPlan(recipe, norms, 0.2, "bench model");
        assertThat(plan.recipe().gradAccumSteps()).isEqualTo(1);
        BenchResult result = ModelBench.run(plan, note -> {});
        assertThat(rows(result, "step")).extracting(BenchRow::norm).containsExactly("layernorm", "dyt", "identity");
        assertThat(rows(result, "step").getFirst().ratio()).isNull();
        assertThat(rows(result, "step")).allSatisfy(row -> {
            assertThat(row.rows()).isEqualTo(8);
            assertThat(row.p10()).isLessThanOrEqualTo(row.nsPerElement());
            assertThat(row.nsPerElement()).isLessThanOrEqualTo(row.p90());
        });
        List<BenchRow> shares = rows(result, ModelBench.SHARE);
        assertThat(shares).hasSize(3).allSatisfy(row -> assertThat(row.value()).isBetween(0.0, 100.0));
        assertThat(shares.get(2).value())
                .as("identity costs less than LayerNorm")
                .isLessThan(shares.get(0).value());
        BenchRow goal = rows(result, "step with DyT against LayerNorm").getFirst();
        assertThat(goal.norm()).isEqualTo("dyt");
        assertThat(goal.ratio()).isEqualTo(rows(result, "step").get(1).ratio());
        assertThat(goal.reached()).isEqualTo(Objects.requireNonNull(goal.ratio()) <= 1.01);
        assertThat(result.environment()).containsKeys("recipe", "command", "layernorm", "allocator", "kernels");
    }

    private static List<BenchRow> rows(BenchResult result, String what) {
        return result.rows().stream().filter(r -> r.what().equals(what)).toList();
    }

    /** Spinning in Java is outside every kernel; sleeping is nobody's. */
    @Test
    void aProfileSeesJavaThatIsNoKernel() {
        double[] sink = {0};
        double spinning = StepProfile.outsidePercent(
                () -> {
                    for (int i = 0; i < 100_000; i++) {
                        sink[0] += Math.sqrt(i);
                    }
                },
                1.5);
        assertThat(spinning).isGreaterThan(25);
        assertThat(sink[0]).isPositive();
    }
}
