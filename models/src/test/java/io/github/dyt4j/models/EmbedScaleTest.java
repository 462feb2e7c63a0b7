package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Norm;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class EmbedScaleTest {
    private static final Map<String, Object> TINY = Map.of("d_model", 16, "n_layer", 1, "l_max", 64);

    @ParameterizedTest
    @ValueSource(strings = {"hyenadna_tiny_1k", "caduceus_ph_1k", "caduceus_ps_1k"})
    void calibrationBringsTheEmbeddingToUnitVariance(String name) {
        try (Model model = Models.create(name, TINY, NormSpec.parse("dyt(init=calibrated)"))) {
            Tensor tokens = Fill.labels("t", 128, 4).add(new Scalar(Bases.A)).view(2, 64);
            model.parameters().training(false);
            model.norms().calibrate(() -> model.forward(tokens));
            Map<Norm, Double> seen = new HashMap<>();
            try (var _ = new Scope();
                    var _ = Grad.off()) {
                model.norms().tap((norm, x) -> seen.put(norm, Tensors.std(x)));
                model.forward(tokens);
            }
            assertThat(seen.get(model.norms().sites().getFirst())).isCloseTo(1, within(1e-3));
            assertThat(model.ruleNotes()).hasSize(1);
        }
    }

    /** As the paper has its DNA models: nothing but the norm differs. */
    @ParameterizedTest
    @CsvSource({"hyenadna_tiny_1k, layernorm", "hyenadna_tiny_1k, dyt", "caduceus_ph_1k, rmsnorm", "caduceus_ph_1k, dyt"
    })
    void withoutCalibrationThereIsNone(String name, String norm) {
        try (Model model = Models.create(name, TINY, NormSpec.parse(norm))) {
            assertThat(model.parameters().state().keySet()).noneMatch(n -> n.endsWith("embed_scale"));
            assertThat(model.ruleNotes()).isEmpty();
        }
    }
}
