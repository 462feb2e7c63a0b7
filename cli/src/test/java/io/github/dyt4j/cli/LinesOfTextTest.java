package io.github.dyt4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.lab.Results;
import io.github.dyt4j.training.Examples;
import io.github.dyt4j.training.Objective.Metric;
import io.github.dyt4j.training.Progress;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What the terminal says of language models, beside what it says of images. */
final class LinesOfTextTest {
    private static Results results(String metric, String unit, double first, double second) {
        return new Results(
                "r",
                "dyt4j compare r",
                Map.of(),
                metric,
                unit,
                unit.equals("%"),
                List.of(
                        new Results.Run("rmsnorm", 0, first, first, false, 80, 400 << 20, List.of(), null),
                        new Results.Run("dyt", 0, second, second, false, 88, 410 << 20, List.of(), null)),
                List.of(summary("rmsnorm", first, null), summary("dyt", second, second - first)),
                "",
                0,
                null);
    }

    private static Results.Summary summary(String norm, double mean, @Nullable Double difference) {
        return new Results.Summary(
                norm, norm, 1, mean, null, difference, null, null, null, null, "too few seeds to tell");
    }

    @Test
    void aTableOfLossesHasTheirPerplexities() {
        assertThat(ResultTable.of(results("test loss", "nats/token", 1.5, 1.6254)))
                .isEqualTo("""
                norm     test loss (nats/token)  perplexity  difference  95% interval  ms a step  peak MB
                rmsnorm                   1.500        4.48           –             –       80.0      400
                dyt                       1.625        5.08      +0.125             –       88.0      410
                """);
        assertThat(ResultTable.of(results("test accuracy", "%", 80, 79)))
                .startsWith("norm     test accuracy (%)  difference ")
                .contains("dyt                   79.0        -1.0 ");
    }

    @Test
    void linesOfARunAreInTokens() {
        List<String> said = new ArrayList<>();
        RunLines lines = new RunLines(said::add, "again");
        lines.tested(new Progress.Tested(50, 1, 1.5, new Metric("loss", "nats/token", false), 1.5, 1.25));
        lines.tested(new Progress.Tested(50, 1, 0.5, new Metric("accuracy", "%", true), 80, 81));
        assertThat(said)
                .containsExactly(
                        "epoch 1  test loss 1.500, perplexity 4.48  best 1.250 nats/token",
                        "epoch 1  test loss 0.500  accuracy 80.0%  best 81.0%");
        assertThat(BarLine.render(step(new Examples("sequence", "sequences", 128)), 200))
                .contains("  2560 tokens/s  ");
        assertThat(BarLine.render(step(new Examples("image", "images", 0)), 200))
                .contains("  20.0 images/s  ");
    }

    private static Progress.Step step(Examples examples) {
        return new Progress.Step(50, 500, 1, 10, 1.5, 1e-3, 20, examples, 60);
    }
}
