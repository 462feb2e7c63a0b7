package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Norm;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Site;
import io.github.dyt4j.torch.TensorSource;
import io.github.dyt4j.torch.Tensors;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LlamaTest {
    @ParameterizedTest
    @ValueSource(strings = {"llama_7b", "llama_13b", "llama_34b", "llama_70b"})
    void publishedSizesHaveTheirParametersAndNorms(String name) {
        var expected = Goldens.json("llama-sizes.json").get(name);
        ModelConfig config = Models.config(name, Map.of());
        assertThat(config.parameterCount(NormSpec.parse("rmsnorm")))
                .isEqualTo(expected.get(0).asLong());
        int norms = expected.get(1).asInt();
        try (Model hollow = config.create(NormSpec.parse("dyt"), Parameters.root(TensorSource.hollow()))) {
            assertThat(hollow.norms().sites()).hasSize(norms);
        }
        // α in every norm, and the scalar after the embedding.
        assertThat(config.parameterCount(NormSpec.parse("dyt")))
                .isEqualTo(expected.get(0).asLong() + norms + 1);
    }

    @ParameterizedTest
    @CsvSource({
        "128, 1, 1",
        "1024, 1, 1",
        "2048, 1, 0.5",
        "4096, 0.8, 0.2",
        "5120, 0.6, 0.15",
        "8192, 0.2, 0.05",
        "16384, 0.2, 0.05",
        // Between 1024 and 2048: log α0 straight over log width, so that half of the way is √(1 · 0.5).
        "1448, 1, 0.7072"
    })
    void alphaStartsByTheWidthTable(int width, double attention, double others) {
        assertThat(WidthTable.attention(width)).isCloseTo(attention, within(1e-4));
        assertThat(WidthTable.others(width)).isCloseTo(others, within(1e-4));
    }

    @Test
    void dytHasNoBetaAndTheTablesAlphaUnlessToldOtherwise() {
        Map<String, Object> wide =
                Map.of("hidden_size", 4096, "num_hidden_layers", 1, "num_attention_heads", 32, "intermediate_size", 8);
        assertAlpha(wide, "dyt", 0.8f, 0.2f);
        assertAlpha(wide, "dyt(alpha=0.3)", 0.3f, 0.3f);
        assertAlpha(wide, "dyt(attention.alpha=0.7)", 0.7f, 0.2f);
        assertAlpha(wide, "derf", 0.8f, 0.2f);
        // Its own rule: 1/√C.
        assertAlpha(wide, "dyisru", 1 / 64f, 1 / 64f);
    }

    private static void assertAlpha(Map<String, Object> sizes, String spec, float attention, float others) {
        try (Model model = Models.create("llama_mini", sizes, NormSpec.parse(spec))) {
            for (Norm norm : model.norms().sites()) {
                assertThat(norm.bias()).isNull();
                assertThat(norm.weight()).isNotNull();
                assertThat(Objects.requireNonNull(norm.alpha())[0])
                        .isEqualTo(norm.site() == Site.ATTENTION ? attention : others);
            }
        }
    }

    @Test
    void theEmbeddingIsScaledByRootWidthAndByCalibrationToUnitVariance() {
        try (Model model = Models.create("llama_mini", Map.of(), NormSpec.parse("dyt"))) {
            assertThat(scale(model)).isCloseTo((float) Math.sqrt(128), within(1e-5f));
            assertThat(model.ruleNotes()).hasSize(2).first().asString().contains("√128 = 11.31");
        }
        try (Model model = Models.create("llama_mini", Map.of(), NormSpec.parse("dyt(init=calibrated)"))) {
            float[] std = new float[1];
            model.norms()
                    .calibrate(() -> model.forward(Fill.labels("t", 256, 256).view(2, 128)));
            try (var _ = new Scope();
                    var _ = Grad.off()) {
                model.norms().tap((norm, x) -> {
                    if (norm == model.norms().sites().getFirst()) {
                        std[0] = (float) Tensors.std(x);
                    }
                });
                // The first site in order of making is the first block's input norm: it reads the scaled embedding.
                model.forward(Fill.labels("t", 256, 256).view(2, 128));
            }
            assertThat(std[0]).isCloseTo(1, within(1e-3f));
        }
        try (Model model = Models.create("llama_mini", Map.of(), NormSpec.parse("rmsnorm"))) {
            assertThat(model.parameters().state()).doesNotContainKey("model.embed_scale");
            assertThat(model.ruleNotes()).isEmpty();
        }
    }

    private static float scale(Model model) {
        return Tensors.floats(Objects.requireNonNull(model.parameters().state().get("model.embed_scale")))[0];
    }

    @Test
    void nothingBeforeAChangedTokenChanges() {
        try (Model model = Models.create("llama_mini", Map.of("num_key_value_heads", 2), NormSpec.parse("dyt"));
                var _ = new Scope();
                var _ = Grad.off()) {
            long[] tokens = new long[32];
            float[] before = logits(model, tokens);
            tokens[20] = 7;
            float[] after = logits(model, tokens);
            int vocab = 256;
            assertThat(java.util.Arrays.copyOf(after, 20 * vocab))
                    .isEqualTo(java.util.Arrays.copyOf(before, 20 * vocab));
            assertThat(after[20 * vocab]).isNotEqualTo(before[20 * vocab]);
        }
    }

    private static float[] logits(Model model, long[] tokens) {
        return Tensors.floats(model.forward(Tensors.of(tokens, 1, tokens.length)));
    }

    @Test
    void foldedNormsGiveTheSameLogits() {
        for (String spec : new String[] {"rmsnorm", "dyt"}) {
            try (Llama model = LlamaGoldenTest.filled(LlamaGoldenTest.config("gqa"), spec);
                    var _ = new Scope();
                    var _ = Grad.off()) {
                model.parameters().training(false);
                Tensor plain = model.forward(LlamaGoldenTest.tokens());
                try (FoldedNorms folded = FoldedNorms.of(model)) {
                    assertThat(folded.norms()).hasSize(5);
                    GoldenChecks.assertClose(
                            spec, Tensors.floats(model.forward(LlamaGoldenTest.tokens())), Tensors.floats(plain), 0);
                }
            }
        }
        try (Llama tied = LlamaGoldenTest.filled(LlamaGoldenTest.config("tied"), "rmsnorm")) {
            assertThat(tied.folds()).hasSize(4);
        }
    }

    /** Of one token products and attention are this project's own kernels, of many libtorch's: neither is farther from f32 than the other. */
    @ParameterizedTest
    @ValueSource(ints = {4, 2})
    void inBf16TokensOneByOneGiveWhatAllAtOnceGive(int kvHeads) {
        Llama.Config config = (Llama.Config)
                Models.config("llama_mini", Map.of("num_key_value_heads", kvHeads, "num_hidden_layers", 2));
        long[] ids = {7, 250, 31, 31, 90, 4, 128, 0, 55, 201, 13};
        try (var _ = new Scope();
                var _ = Grad.off()) {
            torch.manual_seed(17);
            Map<String, Tensor> weights = new HashMap<>();
            TensorSource bf16 = (name, shape) -> weights.computeIfAbsent(
                    name,
                    _ -> (shape.length == 1
                                    ? torch.ones(shape)
                                    : torch.randn(shape).mul(new Scalar(0.1)))
                            .to(ScalarType.BFloat16));
            Tensor tokens = Tensors.of(ids, 1, ids.length);
            NormSpec norm = NormSpec.parse("rmsnorm");
            try (Llama model = config.create(norm, Parameters.root(bf16));
                    Llama exact = config.create(
                            norm,
                            Parameters.root(
                                    (name, shape) -> bf16.tensor(name, shape).to(ScalarType.Float)));
                    KvCache cache = model.cache(ids.length)) {
                Tensor expected = exact.forward(tokens);
                TensorVector each = new TensorVector();
                for (int i = 0; i < ids.length; i++) {
                    each.push_back(model.head(model.hidden(tokens.narrow(1, i, 1), cache)));
                }
                double oneByOne = distance(torch.cat(each, 1), expected);
                double atOnce = distance(model.forward(tokens), expected);
                assertThat(oneByOne).isLessThan(1.5 * atOnce);
                assertThat(atOnce).isLessThan(0.03);
            }
        }
    }

    /** ‖a − e‖ / ‖e‖. */
    private static double distance(Tensor a, Tensor e) {
        return a.to(ScalarType.Double).sub(e).norm().item_double() / e.norm().item_double();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "num_key_value_heads | 3 | is not a multiple of num_key_value_heads 3",
                "hidden_size | 130 | take hidden_size 132",
                "head_dim | 31 | head_dim 31 is odd",
                "rope_theta | -1 | must be positive",
                "tie_word_embeddings | maybe | must be true or false",
                "img_size | 32 | has no 'img_size'"
            })
    void whatDoesNotFitTogetherIsSaid(String key, String value, String message) {
        Object typed = value.matches("-?\\d+") ? Integer.valueOf(value) : value;
        assertThatThrownBy(() -> Models.config("llama_mini", Map.of(key, typed)))
                .isInstanceOf(UserError.class)
                .hasMessageContaining(message);
    }
}
