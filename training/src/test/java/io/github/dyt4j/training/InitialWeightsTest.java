package io.github.dyt4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.Safetensors;
import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.Models;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run that begins with another's weights. */
final class InitialWeightsTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private static Path shared;

    @SuppressWarnings("NullAway.Init")
    private static Recipe recipe;

    @SuppressWarnings("NullAway.Init")
    private static Path pretrained;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @BeforeAll
    static void pretrain() throws IOException {
        recipe = TinyRun.plain(TinyRun.data(shared.resolve("data"))).with("norm=dyt(init=calibrated)");
        pretrained = shared.resolve("pretrained");
        TinyRun.train(recipe.with("epochs=1"), pretrained, null);
    }

    private List<String> notes(Recipe own) throws IOException {
        List<String> notes = new ArrayList<>();
        Trainer.train(own.with("init", pretrained), folder.resolve("run"), new Progress() {
            @Override
            public void note(String line) {
                notes.add(line);
            }
        });
        return notes;
    }

    @Test
    void aRunThatDoesNotMoveEndsWithTheWeightsItBeganWith() throws IOException {
        List<String> notes = notes(recipe.with("min_lr=0").with("lr=0").with("weight_decay=0"));
        assertThat(notes).anyMatch(n -> n.matches("Begins with \\d+ tensors of .*step-6"));
        assertThat(notes).noneMatch(n -> n.contains("Calibrated"));
        assertThat(TinyRun.checkpointed(folder.resolve("run"), 12, "model.safetensors"))
                .isEqualTo(TinyRun.checkpointed(pretrained, 6, "model.safetensors"));
    }

    @Test
    void aHeadOfOtherClassesAndAnotherFinalNormAreNewAndNamed() throws IOException {
        List<String> notes = notes(recipe.with("num_classes=7")
                .with("global_pool=token")
                .with("min_lr=0")
                .with("lr=0"));
        assertThat(notes).anyMatch(n -> n.contains("new: norm.alpha, norm.weight, norm.bias, head.weight, head.bias"));
        assertThat(notes).contains("Calibrated the start of 1 norms on the first batch");
        float[] first = tensor(folder.resolve("run/checkpoints/step-12/model.safetensors"), "blocks.1.mlp.fc1.weight");
        assertThat(first)
                .isEqualTo(
                        tensor(pretrained.resolve("checkpoints/step-6/model.safetensors"), "blocks.1.mlp.fc1.weight"));
    }

    private static float[] tensor(Path file, String name) {
        try (Safetensors read = Safetensors.open(file)) {
            return java.util.Objects.requireNonNull(read.entries().get(name))
                    .data()
                    .toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
        }
    }

    @Test
    void whatDoesNotFitIsNamed() {
        assertThatThrownBy(() -> notes(recipe.with("norm=layernorm")))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("was trained with the norm dyt(init=calibrated), and this one has layernorm");
        assertThatThrownBy(() -> notes(recipe.with("norm=identity").with("method=skipinit")))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("and this one has skipinit");
        assertThatThrownBy(() -> notes(recipe.with("embed_dim=24")))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("cls_token is [1, 1, 12] there and [1, 1, 24] here");
        assertThatThrownBy(() -> notes(recipe.with("patch_size=2")))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("pos_embed");
        int heads = Models.config(recipe.model(), recipe.modelArguments()).heads();
        int others = heads == 3 ? 2 : 3; // of a width of 12
        assertThatThrownBy(() -> notes(recipe.with("num_heads", others)))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("has " + heads + " attention heads and this model " + others);
        assertThat(Files.exists(folder.resolve("run/result.json"))).isFalse();
    }
}
