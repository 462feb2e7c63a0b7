package io.github.dyt4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Runs of convolutional models, broken off and resumed: with batch norm's buffers, SGD's velocities, dropout and averaging. */
final class ConvRunTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private static Path shared;

    @SuppressWarnings("NullAway.Init")
    private static Path data;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @BeforeAll
    static void images() throws IOException {
        data = TinyRun.data(shared.resolve("data"));
    }

    static Recipe recipe(String model, String norm) {
        String own = switch (model) {
            case "convnext_tiny" -> "patch_size: 1\ndepths: [1, 1, 1, 1]\ndims: [4, 4, 8, 8]\ndrop_path_rate: 0.2\n";
            case "resnet50" -> "stem: cifar\nlayers: [1, 1]\nwidth: 4\n";
            case "vgg19_bn" -> "layers: [1, 1]\nwidth: 4\nhead_hidden_size: 8\n";
            default -> throw new IllegalArgumentException(model);
        };
        return Recipe.parse("model: " + model + "\nnorm: " + norm + "\n" + own + """
                img_size: 8
                opt: sgd
                momentum: 0.8
                sched: step
                decay_epochs: 1
                batch_size: 16
                epochs: 2
                lr: 2e-2
                warmup_epochs: 0
                weight_decay: 1e-4
                decay_on: all
                ema_decay: 0.9
                threads: 1
                workers: 1
                """, "conv.yaml", "conv")
                .with("data", data.toString());
    }

    @ParameterizedTest
    @CsvSource({
        "resnet50, batchnorm",
        "resnet50, dyt(init=calibrated)",
        "vgg19_bn, batchnorm",
        "convnext_tiny, layernorm",
        "convnext_tiny, batchnorm"
    })
    void brokenOffItGoesOnToTheSameBits(String model, String norm) throws IOException {
        Recipe recipe = recipe(model, norm);
        Path whole = folder.resolve("whole");
        Path broken = folder.resolve("broken");
        TinyRun.train(recipe, whole, null);
        TinyRun.train(recipe, broken, 4);
        TinyRun.train(recipe, broken, 7);
        TinyRun.train(recipe, broken, null);
        TinyRun.assertSame(whole, broken, 12);
    }

    @Test
    void theLearningRateFallsInSteps() throws IOException {
        TinyRun.train(recipe("resnet50", "batchnorm"), folder, null);
        List<Double> rates = TinyRun.metrics(folder).stream()
                .filter(line -> line.containsKey("lr"))
                .map(line -> ((Number) Objects.requireNonNull(line.get("lr"))).doubleValue())
                .toList();
        assertThat(rates).hasSize(12);
        assertThat(rates.subList(0, 6)).containsOnly(2e-2);
        assertThat(rates.subList(6, 12)).allMatch(r -> Math.abs(r - 2e-3) < 1e-12);
    }

    @ParameterizedTest
    @ValueSource(strings = {"batchnorm", "groupnorm"})
    void aModelOfTokensRefusesBeforeAnythingRuns(String norm) {
        Recipe recipe = TinyRun.recipe(data).with("norm", norm);
        assertThatThrownBy(() -> TinyRun.train(recipe, folder.resolve("run"), null))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("norm '" + norm + "': its statistics go over all tokens");
        assertThatThrownBy(() -> TaskSetup.of(recipe)).isInstanceOf(UserError.class);
        assertThatThrownBy(() -> TaskSetup.trial(recipe, 8)).isInstanceOf(UserError.class);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "momentum=0.8 | opt: sgd",
                "decay_rate=0.5 | sched: step",
                "decay_epochs=3 | sched: step",
                "opt=sdg | sgd",
                "sched=exponential | cosine, step"
            })
    void keysOfOtherOptimizersAreRefused(String set, String hint) {
        assertThatThrownBy(() -> TinyRun.recipe(data).with(set))
                .isInstanceOf(UserError.class)
                .hasMessageContaining(hint);
        Recipe sgd = TinyRun.recipe(data).with("opt=sgd");
        assertThatThrownBy(() -> sgd.with("betas=[0.9, 0.95]"))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("opt: adamw");
    }
}
