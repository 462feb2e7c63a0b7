package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.torch.Weights;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class InceptionTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    private static Tensor filled(String name, long[] shape) {
        if (shape.length == 4) {
            return Fill.tensor(name, name, shape).mul_(new Scalar((float) Math.sqrt(6)));
        }
        return Fill.tensor(name, name.endsWith("weight") || name.endsWith("var") ? "weight" : "bias", shape);
    }

    private static Tensor image(String name, int channels) {
        return Fill.input(name, 1, channels, 40, 40)
                .div(new Scalar(4))
                .add(new Scalar(0.5))
                .clamp_(
                        new org.bytedeco.pytorch.ScalarOptional(new Scalar(0)),
                        new org.bytedeco.pytorch.ScalarOptional(new Scalar(1)));
    }

    @Test
    void featuresAreThoseOfTheReference() {
        float[] expected =
                Objects.requireNonNull(Goldens.tensors("inception.safetensors").get("features"));
        int n = Inception.FEATURES;
        try (var _ = new Scope();
                var _ = Grad.off();
                Inception inception = new Inception(Parameters.root(InceptionTest::filled))) {
            float[] rgb = Tensors.floats(inception.features(image("input", 3)));
            float[] grey = Tensors.floats(inception.features(image("input.grey", 1)));
            GoldenChecks.assertClose("rgb", rgb, java.util.Arrays.copyOfRange(expected, 0, n), 0);
            GoldenChecks.assertClose("grey", grey, java.util.Arrays.copyOfRange(expected, n, 2 * n), 0);
            assertThat(GoldenChecks.distance(rgb, grey)).isGreaterThan(0.01 * GoldenChecks.norm(rgb));
        }
    }

    @Test
    void aFileIsReadByTorchvisionsNamesAndWhatIsNoInceptionIsNamed() throws IOException {
        SequencedMap<String, Tensor> state = new LinkedHashMap<>();
        try (var _ = new Scope();
                var _ = Grad.off()) {
            Parameters p = Parameters.root((name, shape) -> filled(name, shape));
            try (Inception inception = new Inception(p)) {
                state.putAll(p.state());
                state.put("fc.weight", Tensors.full(0, 10, 2048));
                state.put("Conv2d_1a_3x3.bn.num_batches_tracked", Tensors.of(new long[] {0}, 1));
                Path whole = folder.resolve("inception.safetensors");
                Weights.save(whole, Map.of(), state);
                float[] expected = Tensors.floats(inception.features(image("input", 3)));
                try (Inception read = Inception.open(whole)) {
                    assertThat(Tensors.floats(read.features(image("input", 3)))).isEqualTo(expected);
                }
                state.remove("Mixed_7c.branch_pool.conv.weight");
                Path part = folder.resolve("part.safetensors");
                Weights.save(part, Map.of(), state);
                assertThatThrownBy(() -> Inception.open(part))
                        .isInstanceOf(UserError.class)
                        .hasMessageContaining("missing Mixed_7c.branch_pool.conv.weight");
            }
        }
    }
}
