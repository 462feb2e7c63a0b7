package io.github.dyt4j.models;

import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Output, a squared error and the gradient of every parameter against {@code goldens/dit.py}, from the same weights. */
class DiffusionTransformerGoldenTest {
    static final Map<String, Object> TINY =
            Map.of("img_size", 8, "patch_size", 2, "num_classes", 5, "embed_dim", 24, "depth", 2, "num_heads", 3);

    @ParameterizedTest
    @CsvSource({
        "layernorm, layernorm",
        "layernorm, layernorm(kernel=fused)",
        "layernorm, layernorm(kernel=libtorch)",
        "dyt, dyt",
        "dyt, dyt(kernel=eager)"
    })
    void agreesInEveryGradient(String golden, String spec) {
        SequencedMap<String, float[]> actual = new LinkedHashMap<>();
        try (var model = (DiffusionTransformer) Models.create("dit_s_2", TINY, NormSpec.parse(spec))) {
            Fill.parameters(model.parameters());
            try (var _ = new Scope()) {
                Tensor t = Tensors.of(new long[] {0, 17, 400, 999}, 4);
                Tensor y = Tensors.of(new long[] {1, 4, model.nullClass(), 0}, 4);
                Tensor output = model.forward(Fill.input("input", 4, 4, 8, 8), t, y);
                Tensor loss = torch.mse_loss(output, Fill.input("target", 4, 8, 8, 8));
                loss.backward();
                actual.put("output", Tensors.floats(output));
                actual.put("loss", Tensors.floats(loss));
            }
            model.parameters().trainable().forEach((name, parameter) -> {
                try (var _ = new Scope()) {
                    actual.put("grad." + name, Tensors.floats(parameter.grad()));
                }
            });
        }
        GoldenChecks.assertAgree(actual, Goldens.tensors("dit-" + golden + ".safetensors"));
    }
}
