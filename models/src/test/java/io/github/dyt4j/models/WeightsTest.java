package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.torch.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A model's weights through a file: by name, strict unless told otherwise. */
class WeightsTest {
    @TempDir
    Path folder;

    @Test
    void aLoadedModelComputesTheSameLogits() throws IOException {
        Path file = folder.resolve("model.safetensors");
        float[] saved;
        try (Model model = create("dyt")) {
            Fill.parameters(model.parameters());
            saved = logits(model);
            Weights.save(file, Map.of(), model.parameters().state());
        }
        try (Model model = create("dyt")) {
            assertThat(logits(model)).isNotEqualTo(saved);
            Weights.load(file, model.parameters().state());
            assertThat(logits(model)).isEqualTo(saved);
        }
    }

    @Test
    void aModelWithAnotherNormIsRefusedUnlessLoose() throws IOException {
        Path file = folder.resolve("model.safetensors");
        try (Model model = create("layernorm")) {
            Weights.save(file, Map.of(), model.parameters().state());
        }
        try (Model model = create("dyt")) {
            assertThatThrownBy(() -> Weights.load(file, model.parameters().state()))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("blocks.0.norm1.alpha");
            var loaded = Weights.load(file, model.parameters().state(), false);
            assertThat(loaded.missing())
                    .containsExactly(
                            "blocks.0.norm1.alpha",
                            "blocks.0.norm2.alpha",
                            "blocks.1.norm1.alpha",
                            "blocks.1.norm2.alpha",
                            "norm.alpha");
            assertThat(loaded.unexpected()).isEmpty();
        }
    }

    private static Model create(String norm) {
        return Models.create("vit_tiny_patch16_224", VisionTransformerGoldenTest.TINY, NormSpec.parse(norm));
    }

    private static float[] logits(Model model) {
        try (var _ = new Scope()) {
            return Tensors.floats(model.forward(Fill.input("input", 2, 3, 16, 16)));
        }
    }
}
