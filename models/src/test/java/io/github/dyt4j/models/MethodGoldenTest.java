package io.github.dyt4j.models;

import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Logits, loss, every gradient, and u and v against {@code goldens/rivals.py}. */
class MethodGoldenTest {
    private static final int BATCH = 3;

    @ParameterizedTest
    @ValueSource(strings = {"fixup", "skipinit", "sigmareparam"})
    void agreesInEveryGradient(String method) {
        Map<String, Object> tiny = new LinkedHashMap<>(VisionTransformerGoldenTest.TINY);
        tiny.putAll(Map.of("global_pool", "avg", "method", method));
        try (Model model = Models.create("vit_tiny_patch16_224", tiny, NormSpec.parse("identity"));
                var _ = new Scope()) {
            fill(model);
            Map<String, float[]> actual = new LinkedHashMap<>();
            Tensor x = Fill.input("input.6", BATCH, 3, 16, 16);
            Tensor logits = model.forward(x);
            Tensor loss = torch.cross_entropy_loss(logits, Fill.labels("labels.6", BATCH, 10));
            loss.backward();
            actual.put("logits", Tensors.floats(logits));
            actual.put("loss", Tensors.floats(loss));
            model.parameters().state().forEach((name, t) -> {
                boolean trained = model.parameters().trainable().containsKey(name);
                actual.put((trained ? "grad." : "") + name, Tensors.floats(trained ? t.grad() : t));
            });
            model.parameters().training(false);
            try (var _ = Grad.off()) {
                actual.put("evaluated", Tensors.floats(model.forward(x)));
            }
            GoldenChecks.assertAgree(actual, Goldens.tensors("rivals-" + method + ".safetensors"));
        }
    }

    /** Buffers too; the scalars that are factors 1 higher. */
    private static void fill(Model model) {
        model.parameters().state().forEach((name, t) -> {
            try (var _ = Grad.off()) {
                t.copy_(Fill.tensor(name, Tensors.shape(t)));
                if (name.matches(".*\\.(gamma|scale|skipinit_gain)")) {
                    t.add_(new Scalar(1));
                }
            }
        });
    }
}
