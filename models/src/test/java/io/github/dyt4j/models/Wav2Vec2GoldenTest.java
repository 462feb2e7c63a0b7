package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.models.Wav2Vec2.Pretraining;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Hidden states, logits, losses and the gradient of every parameter against transformers', from the same weights, hidden frames, distractors and
 * noise. transformers has neither the feature penalty nor the scaling of the convolutions' gradient: {@link Wav2Vec2Test} has those.
 */
class Wav2Vec2GoldenTest {
    static final Map<String, Object> TINY = Map.ofEntries(
            Map.entry("conv_dim", List.of(16, 12, 16)),
            Map.entry("conv_kernel", List.of(10, 3, 2)),
            Map.entry("conv_stride", List.of(5, 2, 2)),
            Map.entry("hidden_size", 24),
            Map.entry("num_hidden_layers", 2),
            Map.entry("num_attention_heads", 3),
            Map.entry("intermediate_size", 40),
            Map.entry("num_conv_pos_embedding_groups", 4),
            Map.entry("num_codevectors_per_group", 8),
            Map.entry("codevector_dim", 12),
            Map.entry("proj_codevector_dim", 10),
            Map.entry("vocab_size", 11),
            Map.entry("dropout", 0),
            Map.entry("attention_dropout", 0),
            Map.entry("layerdrop", 0));
    static final int BATCH = 3;
    static final int SAMPLES = 400;
    private static final int FRAMES = 19;
    private static final double TEMPERATURE = 1.5;
    private static final long[] LENGTHS = {400, 331, 257};

    @ParameterizedTest
    @CsvSource({
        "group-post, layernorm, layernorm(kernel=fused)",
        "group-post, layernorm, layernorm(kernel=libtorch)",
        "group-post, dyt, dyt",
        "layer-pre, layernorm, layernorm",
        "layer-pre, dyt, dyt",
        "layer-pre, dyt, dyt(kernel=eager)"
    })
    void pretrainingAgrees(String shape, String golden, String spec) {
        var expected = Goldens.tensors("wav2vec2-pretrain-" + shape + "-" + golden + ".safetensors");
        SequencedMap<String, float[]> actual = new LinkedHashMap<>();
        try (Wav2Vec2 model = create(shape, "contrastive", spec);
                var _ = new Scope()) {
            Tensor x = Fill.input("input", BATCH, SAMPLES);
            Masking masking = new Masking(
                    bools(expected, "in.mask"),
                    Tensors.of(take(expected, "in.negatives"), BATCH, FRAMES, 7).to(ScalarType.Long));
            Tensor noise = Tensors.of(take(expected, "in.noise"), BATCH, FRAMES, 2, 8);
            Pretraining p = model.pretrain(x, masking, TEMPERATURE, noise);
            Tensor whole = p.loss().mul(new Scalar(p.masked()));
            whole.backward();
            actual.put("contrastive", Tensors.floats(p.contrastive()));
            actual.put("diversity", Tensors.floats(p.diversity()));
            actual.put("perplexity", Tensors.floats(p.perplexity()));
            actual.put("loss", Tensors.floats(whole));
            gradients(model.parameters(), actual);
            model.parameters().training(false);
            try (var _ = Grad.off()) {
                actual.put("hidden", Tensors.floats(model.forward(x)));
            }
        }
        GoldenChecks.assertAgree(actual, expected);
    }

    @ParameterizedTest
    @CsvSource({
        "group-post, layernorm, layernorm",
        "group-post, dyt, dyt",
        "layer-pre, layernorm, layernorm",
        "layer-pre, dyt, dyt"
    })
    void ctcAgrees(String shape, String golden, String spec) {
        var expected = Goldens.tensors("wav2vec2-ctc-" + shape + "-" + golden + ".safetensors");
        boolean padded = shape.equals("layer-pre");
        SequencedMap<String, float[]> actual = new LinkedHashMap<>();
        try (Wav2Vec2 model = create(shape, "ctc", spec);
                var _ = new Scope()) {
            Tensor x = Fill.input("input", BATCH, SAMPLES);
            long[] frames = {FRAMES, FRAMES, FRAMES};
            Tensor logits;
            if (padded) {
                for (int b = 0; b < BATCH; b++) {
                    frames[b] = model.config().frames(LENGTHS[b]);
                    x.select(0, b).narrow(0, LENGTHS[b], SAMPLES - LENGTHS[b]).fill_(new Scalar(0));
                }
                logits = model.logits(x, LENGTHS, bools(expected, "in.hidden"), null);
            } else {
                logits = model.forward(x);
            }
            Tensor targets = Fill.labels("labels", BATCH * 5, 10).view(BATCH, 5).add(new Scalar(1));
            int sum = 2;
            Tensor loss = torch.ctc_loss(
                    logits.log_softmax(-1).transpose(0, 1), targets, frames, new long[] {5, 5, 5}, 0, sum, false);
            loss.backward();
            actual.put("logits", Tensors.floats(logits));
            actual.put("loss", Tensors.floats(loss));
            gradients(model.parameters(), actual);
        }
        GoldenChecks.assertAgree(actual, expected);
    }

    @Test
    void parameterCountsAreThoseOfTransformers() {
        int counts = 0;
        for (var entry : Goldens.json("wav2vec2-parameters.json").properties()) {
            String[] key = entry.getKey().split(" "); // model head norm
            Map<String, Object> arguments = Map.of("head", key[1], "feature_grad_mult", 1);
            assertThat(Models.parameterCount(key[0], arguments, NormSpec.parse(key[2])))
                    .as(entry.getKey())
                    .isEqualTo(entry.getValue().longValue());
            counts++;
        }
        assertThat(counts).isEqualTo(Wav2Vec2.sizes().size() * 2 * 2);
    }

    static Wav2Vec2 create(String shape, String head, String spec) {
        Map<String, Object> arguments = new LinkedHashMap<>(TINY);
        arguments.put("head", head);
        arguments.put("feature_grad_mult", 1);
        arguments.put("feature_penalty_weight", 0);
        arguments.put("feat_extract_norm", shape.split("-")[0]);
        arguments.put("norm_order", shape.split("-")[1]);
        arguments.put("conv_bias", shape.startsWith("layer"));
        arguments.put("num_conv_pos_embeddings", shape.startsWith("layer") ? 7 : 8);
        return create(arguments, spec);
    }

    static Wav2Vec2 create(Map<String, Object> arguments, String spec) {
        Wav2Vec2 model = (Wav2Vec2) Models.create("wav2vec2_base", arguments, NormSpec.parse(spec));
        Fill.parameters(model.parameters());
        for (String name : List.of("quantizer.codevectors", "quantizer.weight_proj.weight")) {
            Tensor large = model.parameters().trainable().get(name);
            if (large != null) {
                try (var _ = new Scope();
                        var _ = Grad.off()) {
                    large.copy_(Fill.input(name, Tensors.shape(large)));
                }
            }
        }
        return model;
    }

    /** Every gradient there is; those of the biases of q, k and v side by side, since k's true one is zero. */
    private static void gradients(Parameters p, Map<String, float[]> into) {
        for (var entry : p.trainable().entrySet()) {
            try (var _ = new Scope()) {
                Tensor gradient = entry.getValue().grad();
                if (gradient.defined() && !entry.getKey().matches(".*[qkv]_proj.bias")) {
                    into.put("grad." + entry.getKey(), Tensors.floats(gradient));
                }
            }
        }
        for (String q : p.trainable().keySet()) {
            if (q.endsWith("q_proj.bias")) {
                try (var _ = new Scope()) {
                    Tensor[] parts = List.of("q_proj", "k_proj", "v_proj").stream()
                            .map(part -> Objects.requireNonNull(p.trainable().get(q.replace("q_proj", part)))
                                    .grad())
                            .toArray(Tensor[]::new);
                    into.put(
                            "grad." + q.replace("q_proj", "qkv_proj"),
                            Tensors.floats(torch.cat(new TensorVector(parts), 0)));
                }
            }
        }
    }

    private static Tensor bools(Map<String, float[]> golden, String name) {
        return Tensors.of(take(golden, name), BATCH, FRAMES).to(ScalarType.Bool);
    }

    /** Takes an input out of a fixture, so that what is left are results. */
    private static float[] take(Map<String, float[]> golden, String name) {
        return Objects.requireNonNull(golden.remove(name), name);
    }
}
