package io.github.dyt4j.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WeightsTest {
    @TempDir
    Path folder;

    private static SequencedMap<String, Tensor> state(Tensor a, Tensor b) {
        SequencedMap<String, Tensor> state = new LinkedHashMap<>();
        state.put("a.weight", a);
        state.put("b", b);
        return state;
    }

    @Test
    void comesBackToTheBit() throws IOException {
        try (var _ = new Scope()) {
            Path file = folder.resolve("m.safetensors");
            Tensor a = torch.randn(3, 4);
            Tensor transposed = torch.randn(2, 5).transpose(0, 1).to(ScalarType.BFloat16);
            Weights.save(file, Map.of("norm", "dyt"), state(a, transposed));
            Tensor a2 = Tensors.full(0, 3, 4);
            Tensor b2 = Tensors.full(0, 5, 2);
            Weights.load(file, state(a2, b2));
            assertThat(Tensors.floats(a2)).isEqualTo(Tensors.floats(a));
            assertThat(Tensors.floats(b2)).isEqualTo(Tensors.floats(transposed));
        }
    }

    @Test
    void strictNamesWhatIsMissingAndUnexpectedAndChangesNothing() throws IOException {
        try (var _ = new Scope()) {
            Path file = folder.resolve("m.safetensors");
            Weights.save(file, Map.of(), state(Tensors.full(1, 2), Tensors.full(1, 2)));
            SequencedMap<String, Tensor> other = new LinkedHashMap<>();
            other.put("a.weight", Tensors.full(0, 2));
            other.put("c", Tensors.full(0, 2));
            assertThatThrownBy(() -> Weights.load(file, other))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("Missing: c.")
                    .hasMessageContaining("Unexpected: b.");
            assertThat(Tensors.floats(other.get("a.weight"))).containsOnly(0);
            Weights.Loaded loaded = Weights.load(file, other, false);
            assertThat(loaded.missing()).containsExactly("c");
            assertThat(loaded.unexpected()).containsExactly("b");
            assertThat(Tensors.floats(other.get("a.weight"))).containsOnly(1);
        }
    }

    @Test
    void anotherShapeIsNamed() throws IOException {
        try (var _ = new Scope()) {
            Path file = folder.resolve("m.safetensors");
            Weights.save(file, Map.of(), state(Tensors.full(1, 2), Tensors.full(1, 2)));
            assertThatThrownBy(() -> Weights.load(file, state(Tensors.full(0, 2), Tensors.full(0, 3))))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("b is [2] in the file and [3] in the model");
        }
    }
}
