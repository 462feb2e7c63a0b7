package io.github.dyt4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.nio.file.Path;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DryRunTest {
    @Test
    void tellsWhatARunWouldTake(@TempDir Path folder) throws IOException {
        DryRun run = DryRun.of(TinyRun.recipe(TinyRun.data(folder)));
        assertThat(run.sites()).isEqualTo("5 (2 attention, 1 final, 2 mlp)");
        assertThat(run.trainingExamples()).isEqualTo(TinyRun.TRAIN);
        assertThat(run.secondsPerStep()).isPositive();
        assertThat(run.lines())
                .anyMatch(l -> l.matches("parameters  [0-9],[0-9]{3}"))
                .anyMatch(
                        l -> l.matches("memory      at least [0-9.]+ MB \\(weights .*, EMA .*\\); this machine has .*"))
                .anyMatch(l -> l.matches("time        .* for an epoch of 6 steps, .* for all 2, evaluations aside"));
        try (Task task = Task.of(TinyRun.recipe(folder))) {
            long built = task.model().parameters().trainable().values().stream()
                    .mapToLong(Tensor::numel)
                    .sum();
            assertThat(run.footprint().parameters()).isEqualTo(built);
        }
    }

    @Test
    void noDataIsNoHindrance() {
        Recipe recipe = TinyRun.plain(Path.of("nowhere-at-all"))
                .with("in_chans=3")
                .with("num_classes=7")
                .with("grad_accum_steps=4");
        assertThat(DryRun.of(recipe).lines())
                .contains("data        there is no nowhere-at-all here, so tried on noise of 3 x 8 x 8, 7 classes")
                .anyMatch(l -> l.matches("step        .* for 64 images, reckoned from one of 16"))
                .anyMatch(l -> l.matches("time        .* for a million images, times 2 epochs"));
    }

    @Test
    void textIsCountedInSequencesAndTokens() {
        Recipe recipe = TinyText.recipe().with("data=nowhere-at-all").with("vocab_size=50");
        DryRun run = DryRun.of(recipe);
        assertThat(run.sites()).isEqualTo("5 (2 attention, 1 final, 2 mlp)");
        assertThat(run.lines())
                .contains(
                        "data        there is no nowhere-at-all here, so tried on random tokens of a vocabulary of 50")
                .anyMatch(l -> l.matches("step        .* for 8 sequences \\(96 tokens\\), reckoned from one of 4"))
                .anyMatch(l -> l.matches("time        .* for an epoch of 5 steps, .* for all 2, evaluations aside"));
        assertThat(DryRun.of(recipe.with("steps_per_epoch=none")).lines())
                .anyMatch(l -> l.matches("time        .* for a million tokens, times 2 epochs"));
        try (Task task = TinyText.task(TinyText.recipe().with("vocab_size=50"))) {
            assertThat(run.footprint().parameters())
                    .isEqualTo(task.model().parameters().trainable().values().stream()
                            .mapToLong(Tensor::numel)
                            .sum());
        }
        // Half as long a sequence keeps half as much for backward.
        assertThat(DryRun.of(recipe.with("seq_len=6")).footprint().activations() * 2)
                .isEqualTo(run.footprint().activations());
        assertThat(DryRun.of(recipe.with("batch_size=1000000000")).lines())
                .anyMatch(l -> l.matches(" +it does not fit. About \\d+ sequences at once fit: .*"
                        + "gradient_checkpointing=true needs far less for each."));
    }

    @Test
    void accumulatedPassesAreCountedOnce() {
        Recipe one = TinyRun.plain(Path.of("nowhere-at-all")).with("in_chans=3").with("num_classes=7");
        DryRun.of(one);
        double single = DryRun.of(one).secondsPerStep();
        double sixteen = DryRun.of(one.with("grad_accum_steps=16")).secondsPerStep();
        // Sixteen times a step of milliseconds, which vary by a few; counted twice it would be 256 times.
        assertThat(sixteen / single).isBetween(16.0 / 6, 16.0 * 6);
    }

    @Test
    void whatCannotFitIsCountedAndSaid() {
        Recipe recipe = Recipes.find("vit-l").with("data=nowhere-at-all").with("batch_size=1000000");
        DryRun run = DryRun.of(recipe);
        assertThat(run.footprint().parameters())
                .isEqualTo(304_326_632 + 49); // timm's vit_large_patch16_224, and an α a norm
        assertThat(run.footprint().fits()).isFalse();
        assertThat(run.lines())
                .anyMatch(
                        l -> l.matches(" +it does not fit. About \\d+ images at once fit: set batch_size=\\d+ and .*"));
        assertThatThrownBy(() -> ImageSetup.of(
                                TinyRun.plain(Path.of("x")).with("batch_size=2000000000"),
                                SyntheticImages.data(32, 8, 1, 3))
                        .build())
                .isInstanceOf(UserError.class)
                .hasMessageMatching(
                        "(?s)Training vit_tiny_patch16_224 needs at least .* GB.*; this machine has .*\\.\nAbout \\d+ images .*");
    }
}
