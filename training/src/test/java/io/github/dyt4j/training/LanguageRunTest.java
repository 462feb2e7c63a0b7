package io.github.dyt4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.torch.AdamW;
import io.github.dyt4j.training.run.RunResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The one training loop with a language model. */
final class LanguageRunTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    /** Across an epoch's end, which is none of the data's, and a pass's end, which is in the seventh step. */
    @Test
    void fiveAndFiveAreTenToTheBit() throws IOException {
        Path unbroken = folder.resolve("unbroken");
        TinyText.train(TinyText.recipe(), unbroken, null);
        for (int stop : new int[] {1, 5, 6, 7}) {
            Path broken = folder.resolve("broken" + stop);
            TinyText.train(TinyText.recipe(), broken, stop);
            TinyText.train(TinyText.recipe(), broken, null);
            TinyRun.assertSame(unbroken, broken, 10);
        }
    }

    @Test
    void learnsAndIsJudgedInNatsAToken() throws IOException {
        Recipe recipe =
                TinyText.recipe().with("steps_per_epoch=60").with("lr=1e-2").with("grad_accum_steps=1");
        for (String norm : List.of("rmsnorm", "dyt", "dyt(init=calibrated)")) {
            Path run = folder.resolve(norm);
            RunResult result = Trainer.train(recipe.with("norm", norm), run, Progress.NONE, () -> false, TinyText::task)
                    .orElseThrow();
            assertThat(result.metric()).isEqualTo("loss");
            assertThat(result.unit()).isEqualTo("nats/token");
            assertThat(result.higherIsBetter()).isFalse();
            assertThat(result.example()).isEqualTo("sequence");
            assertThat(result.steps()).isEqualTo(120);
            // Guessing is log 11; a quarter of the tokens is drawn, the rest is told by the token before.
            assertThat(result.value()).as(norm).isLessThan(0.75 * Math.log(TinyText.VOCABULARY));
            assertThat(result.bestValue()).isNotNull().isLessThanOrEqualTo(Objects.requireNonNull(result.value()));
            assertThat(result.bitsPerByte())
                    .isCloseTo(Objects.requireNonNull(result.value()) / Math.log(2) / 2, within(1e-6));
            float[] examples = TinyRun.examples(run, Objects.requireNonNull(result.examples()));
            double sum = 0;
            for (float example : examples) {
                sum += example;
            }
            assertThat(examples).hasSize(7);
            assertThat(sum / 7).isCloseTo(Objects.requireNonNull(result.value()), within(1e-9));
            Map<String, Object> tested = TinyRun.metrics(run).getLast();
            assertThat((double) Objects.requireNonNull(tested.get("perplexity")))
                    .isCloseTo(Math.exp(Objects.requireNonNull(result.value())), within(1e-9));
            assertThat(result.ruleNotes()).hasSize(norm.equals("rmsnorm") ? 0 : norm.equals("dyt") ? 2 : 1);
            assertThat(run.resolve("tokenizer/tokenizer.json")).exists();
        }
    }

    @Test
    void decayIsOnAllOrOnMatrices() {
        try (Task task = TinyText.task(TinyText.recipe())) {
            List<AdamW.Group> all = ParameterGroups.of(task.model(), TinyText.recipe());
            assertThat(all).singleElement().satisfies(g -> {
                assertThat(g.weightDecay()).isEqualTo(0.1);
                assertThat(g.parameters())
                        .containsKeys(
                                "model.embed_scale",
                                "model.norm.alpha",
                                "model.norm.weight",
                                "model.embed_tokens.weight");
            });
            List<AdamW.Group> two =
                    ParameterGroups.of(task.model(), TinyText.recipe().with("decay_on=matrices"));
            assertThat(two.get(0).parameters())
                    .containsKeys("model.embed_tokens.weight", "lm_head.weight")
                    .doesNotContainKeys("model.embed_scale", "model.norm.alpha", "model.norm.weight");
            assertThat(two.get(1).parameters())
                    .containsKeys("model.embed_scale", "model.norm.alpha", "model.norm.weight");
        }
    }

    /** A stretch of steps is an epoch for images too. */
    @Test
    void stepsPerEpochCountsForImages() throws IOException {
        Path data = TinyRun.data(folder.resolve("data"));
        Recipe passes = TinyRun.recipe(data).with("batch_size=25"); // 4 batches a pass
        Recipe stretches = passes.with("steps_per_epoch=3").with("epochs=3");
        RunResult result = Trainer.train(stretches, folder.resolve("stretches"), Progress.NONE);
        assertThat(result.steps()).isEqualTo(9);
        assertThat(TinyRun.metrics(folder.resolve("stretches")).stream()
                        .filter(l -> "test".equals(l.get("split")))
                        .map(l -> l.get("step")))
                .containsExactly(3, 6, 9);
        // The same data in the same order, whatever an epoch is; the schedule differs, so the first step is what can be
        // compared.
        Trainer.train(passes.with("epochs=3"), folder.resolve("passes"), Progress.NONE);
        assertThat(Objects.requireNonNull(
                        TinyRun.metrics(folder.resolve("stretches")).getFirst().get("loss")))
                .isEqualTo(TinyRun.metrics(folder.resolve("passes")).getFirst().get("loss"));
        BooleanSupplier never = () -> false;
        TinyRun.train(stretches, folder.resolve("broken"), 4);
        Trainer.train(stretches, folder.resolve("broken"), Progress.NONE, never);
        TinyRun.assertSame(folder.resolve("stretches"), folder.resolve("broken"), 9);
        assertThat(Files.exists(folder.resolve("stretches/tokenizer"))).isFalse();
    }

    @Test
    void bf16TrainsToNearlyTheSameLoss() throws IOException {
        TinyText.train(TinyText.recipe(), folder.resolve("f32"), null);
        TinyText.train(TinyText.recipe().with("amp=bf16"), folder.resolve("bf16"), null);
        double f32 = value("f32");
        assertThat(value("bf16")).isCloseTo(f32, within(0.05)).isNotEqualTo(f32);
    }

    private double value(String run) throws IOException {
        return Objects.requireNonNull(
                RunResult.read(folder.resolve(run)).orElseThrow().value());
    }
}
