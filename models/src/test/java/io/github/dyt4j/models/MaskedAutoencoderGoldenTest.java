package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.models.MaskedAutoencoder.Reconstruction;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Positions, prediction, mask, loss and the gradient of every parameter against transformers', from the same weights and noise. */
class MaskedAutoencoderGoldenTest {
    static final Map<String, Object> TINY = Map.of(
            "img_size", 20,
            "patch_size", 4,
            "embed_dim", 24,
            "depth", 2,
            "num_heads", 3,
            "decoder_embed_dim", 16,
            "decoder_depth", 2,
            "decoder_num_heads", 2);
    private static final int BATCH = 3;

    @ParameterizedTest
    @CsvSource({
        "layernorm, layernorm, pixels",
        "layernorm, layernorm, normalised",
        "layernorm, layernorm(kernel=fused), normalised",
        "dyt, dyt, pixels",
        "dyt, dyt, normalised",
        "dyt, dyt(kernel=eager), normalised"
    })
    void tinyAgreesInEveryGradient(String golden, String spec, String target) {
        Map<String, Object> overrides = new LinkedHashMap<>(TINY);
        overrides.put("norm_pix_loss", target.equals("normalised"));
        SequencedMap<String, float[]> actual = new LinkedHashMap<>();
        try (var model = (MaskedAutoencoder) Models.create("mae_vit_base_patch16", overrides, NormSpec.parse(spec))) {
            Parameters p = model.parameters();
            p.state().forEach((name, t) -> {
                if (!p.trainable().containsKey(name)) {
                    actual.put(name, Tensors.floats(t));
                }
            });
            Fill.parameters(p);
            try (var _ = new Scope()) {
                Reconstruction r =
                        model.reconstruct(Fill.input("input", BATCH, 3, 20, 20), Fill.input("noise", BATCH, 25));
                Tensor loss = r.loss();
                loss.backward();
                actual.put("prediction", Tensors.floats(r.prediction()));
                actual.put("mask", Tensors.floats(r.mask()));
                actual.put("loss", Tensors.floats(loss));
            }
            p.trainable().forEach((name, parameter) -> {
                try (var _ = new Scope()) {
                    actual.put("grad." + name, Tensors.floats(parameter.grad()));
                }
            });
        }
        GoldenChecks.assertAgree(actual, Goldens.tensors("mae-tiny-" + golden + "-" + target + ".safetensors"));
    }

    @Test
    void parameterCountsAreThoseOfTransformers() {
        int counts = 0;
        for (var entry : Goldens.json("mae-parameters.json").properties()) {
            String[] key = entry.getKey().split(" "); // model norm
            assertThat(Models.parameterCount(key[0], Map.of(), NormSpec.parse(key[1])))
                    .as(entry.getKey())
                    .isEqualTo(entry.getValue().longValue());
            counts++;
        }
        assertThat(counts).isEqualTo(MaskedAutoencoder.sizes().size() * 2);
    }
}
