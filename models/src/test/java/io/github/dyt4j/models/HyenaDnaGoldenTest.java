package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Logits, loss and the gradient of every parameter against the papers' formulas in f64, whose long convolution is a plain sum. */
class HyenaDnaGoldenTest {
    private static final int BATCH = 3;
    private static final int LENGTH = 21;
    private static final Map<String, Object> TINY =
            Map.of("d_model", 12, "n_layer", 2, "d_inner", 20, "l_max", 32, "filter_order", 8, "dropout", 0.0);

    @ParameterizedTest
    @CsvSource({"layernorm, layernorm", "layernorm, layernorm(kernel=libtorch)", "dyt, dyt", "dyt, dyt(kernel=eager)"})
    void languageModelAgreesInEveryGradient(String golden, String spec) {
        try (Model model = filled(TINY, spec);
                var _ = new Scope()) {
            Tensor logits = model.forward(tokens()); // (B, L, 16)
            Tensor loss = torch.cross_entropy_loss(
                    logits.narrow(1, 0, LENGTH - 1).flatten(0, 1),
                    tokens().narrow(1, 1, LENGTH - 1).flatten());
            GoldenChecks.assertAgree(outputs(model, logits, loss), Goldens.tensors("hyena-" + golden + ".safetensors"));
        }
    }

    @Test
    void classifierAgreesInEveryGradient() {
        Map<String, Object> sizes = new LinkedHashMap<>(TINY);
        sizes.putAll(Map.of("head", "classes", "num_classes", 3));
        try (Model model = filled(sizes, "layernorm");
                var _ = new Scope()) {
            Tensor logits = model.forward(padded()); // (B, 3)
            Tensor loss = torch.cross_entropy_loss(logits, Fill.labels("labels", BATCH, 3));
            GoldenChecks.assertAgree(outputs(model, logits, loss), Goldens.tensors("hyena-classes.safetensors"));
        }
    }

    @Test
    void filtersKnowTheSamePositions() {
        var expected = Goldens.tensors("hyena-filter.safetensors");
        try (var positions = new HyenaPositions(16, 5, 1026);
                var _ = new Scope();
                var _ = Grad.off()) {
            // A longer sequence after a shorter one: the tables grow, and what was there stays.
            float[] few = Tensors.floats(positions.features(7));
            float[] all = Tensors.floats(positions.features(1026));
            assertThat(few).isEqualTo(java.util.Arrays.copyOf(all, few.length));
            GoldenChecks.assertClose("features", all, Objects.requireNonNull(expected.get("features")), 0);
            GoldenChecks.assertClose(
                    "window",
                    Tensors.floats(positions.window(1026)),
                    Objects.requireNonNull(expected.get("window")),
                    0);
        }
    }

    static Model filled(Map<String, Object> sizes, String spec) {
        Model model = Models.create("hyenadna_tiny_1k", sizes, NormSpec.parse(spec));
        Fill.parameters(model.parameters());
        try (var _ = new Scope();
                var _ = Grad.off()) {
            model.parameters().trainable().forEach((name, p) -> {
                if (name.endsWith("freq")) {
                    p.add_(new Scalar(2)); // as in goldens/hyena.py
                }
            });
        }
        return model;
    }

    private static Tensor tokens() {
        return Fill.labels("tokens", BATCH * LENGTH, Bases.VOCABULARY).view(BATCH, LENGTH);
    }

    private static Tensor padded() {
        Tensor t = tokens();
        t.masked_fill_(t.eq(new Scalar(Bases.PAD)), new Scalar(Bases.A));
        t.select(0, 1).narrow(0, 0, 4).fill_(new Scalar(Bases.PAD));
        t.select(0, 2).narrow(0, 0, 17).fill_(new Scalar(Bases.PAD));
        return t;
    }

    private static SequencedMap<String, float[]> outputs(Model model, Tensor logits, Tensor loss) {
        loss.backward();
        SequencedMap<String, float[]> outputs = new LinkedHashMap<>();
        outputs.put("logits", Tensors.floats(logits));
        outputs.put("loss", Tensors.floats(loss));
        model.parameters()
                .trainable()
                .forEach((name, p) -> outputs.put("grad." + name, Tensors.floats(Objects.requireNonNull(p.grad()))));
        return outputs;
    }
}
