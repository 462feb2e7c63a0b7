package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.models.Llama.AttentionBias;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.util.LinkedHashMap;
import java.util.Objects;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Logits, loss and the gradient of every parameter against transformers', from the same weights; and what a cache may not change. */
class LlamaGoldenTest {
    private static final int BATCH = 2;
    private static final int TOKENS = 24;
    private static final int VOCAB = 32;

    static Llama.Config config(String name) {
        Llama.Config tiny = Llama.Config.of(VOCAB, 16, 24, 2, 4, 4, 64);
        return switch (name) {
            case "mha" -> tiny;
            case "gqa", "dyt" -> changed(tiny, 4, 2, 4, false, AttentionBias.NONE, null);
            case "tied" -> changed(tiny, 4, 1, 4, true, AttentionBias.NONE, null);
            case "rope3" -> changed(tiny, 2, 2, 8, false, AttentionBias.NONE, new Rope.Scaling(8, 1, 4, 16));
            case "qwen2" -> changed(tiny, 4, 2, 4, false, AttentionBias.QKV, null);
            case "biases" -> changed(tiny, 4, 4, 8, false, AttentionBias.ALL, null);
            default -> throw new IllegalArgumentException(name);
        };
    }

    private static Llama.Config changed(
            Llama.Config c,
            int heads,
            int kv,
            int headDim,
            boolean tied,
            AttentionBias bias,
            Rope.@Nullable Scaling scaling) {
        return new Llama.Config(
                c.vocabSize(),
                c.hiddenSize(),
                c.intermediateSize(),
                c.numHiddenLayers(),
                heads,
                kv,
                headDim,
                c.maxPositionEmbeddings(),
                scaling == null ? 1e4 : 500,
                scaling,
                tied,
                bias,
                bias == AttentionBias.ALL,
                false);
    }

    @ParameterizedTest
    @CsvSource({
        "mha, rmsnorm",
        "mha, rmsnorm(kernel=libtorch)",
        "gqa, rmsnorm",
        "tied, rmsnorm",
        "rope3, rmsnorm",
        "qwen2, rmsnorm",
        "biases, rmsnorm",
        "dyt, dyt",
        "dyt, dyt(kernel=eager)"
    })
    void agreesInEveryGradient(String golden, String spec) {
        var expected = Goldens.tensors("llama-" + golden + ".safetensors");
        try (Llama model = filled(config(golden), spec)) {
            GoldenChecks.assertAgree(outputs(model), expected);
        }
    }

    @Test
    void checkpointingChangesNoGradient() {
        Llama.Config c = config("gqa");
        Llama.Config again = c.with(new Overrides("", java.util.Map.of("gradient_checkpointing", "true")));
        assertThat(again.gradientCheckpointing()).isTrue();
        for (String spec : new String[] {"rmsnorm", "dyt"}) {
            try (Llama plain = filled(c, spec);
                    Llama recomputing = filled(again, spec)) {
                var expected = outputs(plain);
                var actual = outputs(recomputing);
                assertThat(actual.keySet()).isEqualTo(expected.keySet());
                expected.forEach((name, e) ->
                        assertThat(actual.get(name)).as(spec + " " + name).isEqualTo(e));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"mha, 1", "gqa, 1", "gqa, 5", "tied, 3", "rope3, 1"})
    void aCacheGivesTheLogitsOfTheWholeSequence(String golden, int piece) {
        try (Llama model = filled(config(golden), "rmsnorm");
                KvCache cache = model.cache(TOKENS);
                var _ = new Scope();
                var _ = Grad.off()) {
            Tensor tokens = tokens().narrow(0, 0, 1);
            float[] whole = Tensors.floats(model.forward(tokens));
            for (int from = 0; from < TOKENS; from += piece) {
                int n = Math.min(piece, TOKENS - from);
                float[] part = Tensors.floats(model.head(model.hidden(tokens.narrow(1, from, n), cache)));
                for (int i = 0; i < part.length; i++) {
                    assertThat(part[i]).isCloseTo(whole[from * VOCAB + i], org.assertj.core.data.Offset.offset(2e-6f));
                }
            }
            assertThat(cache.length()).isEqualTo(TOKENS);
        }
    }

    /** Names and shapes as transformers itself writes them, in three shards. */
    @Test
    void weightsThatTransformersWroteGiveItsLogits() {
        try (Llama model = (Llama) config("gqa").create(NormSpec.parse("rmsnorm"));
                var _ = new Scope();
                var _ = Grad.off()) {
            for (int i = 1; i <= 3; i++) {
                Goldens.tensors("llama-hf/model-0000" + i + "-of-00003.safetensors")
                        .forEach((name, values) -> {
                            Tensor p = Objects.requireNonNull(
                                    model.parameters().state().get(name), name);
                            p.copy_(Tensors.of(values, Tensors.shape(p)));
                        });
            }
            float[] expected = Objects.requireNonNull(
                    Goldens.tensors("llama-hf/expected-logits.safetensors").get("logits"));
            GoldenChecks.assertClose("logits", Tensors.floats(model.forward(tokens())), expected, 0);
        }
    }

    static Llama filled(Llama.Config config, String spec) {
        Llama model = (Llama) config.create(NormSpec.parse(spec));
        Fill.parameters(model.parameters());
        return model;
    }

    static Tensor tokens() {
        return Fill.labels("tokens", BATCH * TOKENS, VOCAB).view(BATCH, TOKENS);
    }

    private static SequencedMap<String, float[]> outputs(Llama model) {
        SequencedMap<String, float[]> outputs = new LinkedHashMap<>();
        try (var _ = new Scope()) {
            Tensor logits = model.forward(tokens()); // (B, T, V)
            Tensor loss = torch.cross_entropy_loss(
                    logits.narrow(1, 0, TOKENS - 1).flatten(0, 1),
                    tokens().narrow(1, 1, TOKENS - 1).flatten());
            loss.backward();
            outputs.put("logits", Tensors.floats(logits));
            outputs.put("loss", Tensors.floats(loss));
        }
        model.parameters().trainable().forEach((name, parameter) -> {
            try (var _ = new Scope()) {
                outputs.put("grad." + name, Tensors.floats(Objects.requireNonNull(parameter.grad())));
            }
        });
        return outputs;
    }
}
