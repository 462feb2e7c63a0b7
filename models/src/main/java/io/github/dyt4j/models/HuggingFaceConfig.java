package io.github.dyt4j.models;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.models.Llama.AttentionBias;
import io.github.dyt4j.torch.NormFunction;
import io.github.dyt4j.torch.NormSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.core.PrettyPrinter;
import tools.jackson.core.util.DefaultIndenter;
import tools.jackson.core.util.DefaultPrettyPrinter;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/**
 * A Hugging Face config.json as this project's size and norm, and back: model_type llama, mistral without a sliding window, and qwen2 (biases
 * at q, k and v) without one, in the spellings of transformers 4 (rope_theta, rope_scaling) and 5 (rope_parameters). A field that is absent
 * has transformers' default.
 *
 * <p>Of its own is one field, {@code "norm": "dyt(alpha=0.5)"}, for what is not an RMSNorm: transformers does not know it and cannot run such
 * a model.
 */
public record HuggingFaceConfig(Llama.Config config, NormSpec norm) {
    static final String FILE = "config.json";
    private static final int MAX_BYTES = 1 << 24;
    /** Above every published size, and small enough for products of two to fit a long. */
    private static final int MAX_SIZE = 1 << 24;

    private static final int MAX_LAYERS = 10_000;
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final PrettyPrinter LINES =
            new DefaultPrettyPrinter().withObjectIndenter(new DefaultIndenter("  ", "\n"));

    /**
     * Reads a config.json.
     *
     * @throws UserError where it is no config.json, or of a model that this project has not, naming the field
     */
    public static HuggingFaceConfig read(Path file) {
        JsonNode root = json(file);
        try {
            return of(root);
        } catch (UserError e) {
            throw new UserError(file + ": " + e.getMessage(), e);
        }
    }

    private static HuggingFaceConfig of(JsonNode root) {
        String type = text(root, "model_type", "");
        if (!List.of("llama", "mistral", "qwen2").contains(type)) {
            throw new UserError((type.isEmpty() ? "it names no model_type" : "model_type is '" + type + "'")
                    + "; llama, mistral and qwen2 are read.");
        }
        refuse(root);
        refuseSlidingWindow(root, type);
        boolean llama = type.equals("llama");
        boolean bias = llama && flag(root, "attention_bias");
        int hidden = integer(root, "hidden_size", null);
        int heads = integer(root, "num_attention_heads", null);
        JsonNode rope = rope(root);
        Llama.Config config = new Llama.Config(
                integer(root, "vocab_size", null),
                hidden,
                integer(root, "intermediate_size", null),
                integer(root, "num_hidden_layers", null),
                heads,
                integer(root, "num_key_value_heads", llama ? heads : null),
                integer(root, "head_dim", Math.max(1, hidden / heads)),
                integer(root, "max_position_embeddings", positions(type)),
                number(rope.has("rope_theta") ? rope : root, "rope_theta", 1e4),
                scaling(rope),
                flag(root, "tie_word_embeddings"),
                type.equals("qwen2") ? AttentionBias.QKV : bias ? AttentionBias.ALL : AttentionBias.NONE,
                llama && flag(root, "mlp_bias"),
                false);
        if (config.numHiddenLayers() > MAX_LAYERS || (long) heads * config.headDim() > MAX_SIZE) {
            throw new UserError("num_hidden_layers " + config.numHiddenLayers() + " and num_attention_heads " + heads
                    + " of head_dim " + config.headDim() + " are larger than any model.");
        }
        double eps = number(root, "rms_norm_eps", 1e-6);
        return new HuggingFaceConfig(config.checked(), NormSpec.parse(text(root, "norm", "rmsnorm(eps=" + eps + ")")));
    }

    private static int positions(String type) {
        return switch (type) {
            case "llama" -> 2048;
            case "mistral" -> 131072;
            default -> 32768;
        };
    }

    private static void refuse(JsonNode root) {
        String act = text(root, "hidden_act", "silu");
        if (!act.equals("silu")) {
            throw new UserError("hidden_act is '" + act + "'; silu is what is read.");
        }
        if (given(root, "quantization_config")) {
            throw new UserError(
                    "quantization_config: the weights are quantized, which is not read; take the model's bf16 or f32 weights.");
        }
        if (number(root, "partial_rotary_factor", 1) != 1) {
            throw new UserError("partial_rotary_factor is not 1: heads whose channels turn in part are not read.");
        }
    }

    private static void refuseSlidingWindow(JsonNode root, String type) {
        // mistral without the field has a window of 4096.
        boolean window = switch (type) {
            case "mistral" -> !root.has("sliding_window") || given(root, "sliding_window");
            case "qwen2" -> flag(root, "use_sliding_window") && given(root, "sliding_window");
            default -> false;
        };
        for (JsonNode layer : root.path("layer_types")) {
            window |= !layer.asString("").equals("full_attention");
        }
        if (window) {
            throw new UserError("attention with a sliding window is not read"
                    + (type.equals("mistral") ? "; \"sliding_window\": null says that there is none." : "."));
        }
    }

    /** The object of RoPE's parameters in either spelling; an empty one where there is none. */
    private static JsonNode rope(JsonNode root) {
        for (String key : new String[] {"rope_parameters", "rope_scaling"}) {
            JsonNode rope = root.path(key);
            if (rope.isObject()) {
                return rope;
            } else if (given(root, key)) {
                throw wrong(root, key, "an object or null");
            }
        }
        return JSON.createObjectNode();
    }

    private static Rope.@Nullable Scaling scaling(JsonNode rope) {
        String type = text(rope, given(rope, "rope_type") ? "rope_type" : "type", "default");
        if (number(rope, "partial_rotary_factor", 1) != 1) {
            throw new UserError("partial_rotary_factor is not 1: heads whose channels turn in part are not read.");
        }
        return switch (type) {
            case "default" -> null;
            case "llama3" -> {
                Rope.Scaling scaling = new Rope.Scaling(
                        number(rope, "factor", Double.NaN),
                        number(rope, "low_freq_factor", Double.NaN),
                        number(rope, "high_freq_factor", Double.NaN),
                        integer(rope, "original_max_position_embeddings", null));
                if (!(scaling.factor() > 0
                        && scaling.lowFreqFactor() > 0
                        && scaling.highFreqFactor() > scaling.lowFreqFactor())) {
                    throw new UserError(
                            "rope_type llama3 takes factor > 0 and 0 < low_freq_factor < high_freq_factor; it has "
                                    + rope + ".");
                }
                yield scaling;
            }
            default -> throw new UserError("rope_type is '" + type + "'; default and llama3 are read.");
        };
    }

    /**
     * What transformers reads as the same model.
     *
     * @throws UserError where transformers has no model_type with these biases, or an id is none of the vocabulary's
     */
    static byte[] write(Llama.Config c, NormSpec norm, Dtype dtype, HuggingFaceTokens tokens) {
        boolean qwen = c.attentionBias() == AttentionBias.QKV;
        if (qwen && c.mlpBias()) {
            throw new UserError("transformers has no model with biases at q, k, v and in the MLP but none at o.");
        }
        tokens.check(c.vocabSize());
        Map<String, @Nullable Object> root = tokens.fields();
        root.put("architectures", List.of(qwen ? "Qwen2ForCausalLM" : "LlamaForCausalLM"));
        root.put("model_type", qwen ? "qwen2" : "llama");
        root.put("dtype", dtype == Dtype.F32 ? "float32" : "bfloat16");
        root.put("vocab_size", c.vocabSize());
        root.put("hidden_size", c.hiddenSize());
        root.put("intermediate_size", c.intermediateSize());
        root.put("num_hidden_layers", c.numHiddenLayers());
        root.put("num_attention_heads", c.numAttentionHeads());
        root.put("num_key_value_heads", c.numKeyValueHeads());
        root.put("head_dim", c.headDim());
        root.put("max_position_embeddings", c.maxPositionEmbeddings());
        root.put("tie_word_embeddings", c.tieWordEmbeddings());
        root.put("hidden_act", "silu");
        root.put("rope_parameters", rope(c));
        if (qwen) {
            root.put("use_sliding_window", false);
        } else {
            root.put("attention_bias", c.attentionBias() == AttentionBias.ALL);
            root.put("mlp_bias", c.mlpBias());
        }
        if (norm.function() == NormFunction.RMSNORM) {
            root.put("rms_norm_eps", norm.eps());
        }
        // A row norm without γ, too, is nothing that transformers has.
        if (norm.function() != NormFunction.RMSNORM || norm.value("weight").equals("false")) {
            root.put("norm", norm.toString());
        }
        return json(root);
    }

    /** The same bytes on every system. */
    static byte[] json(Map<String, ? extends @Nullable Object> root) {
        return (JSON.writer().with(LINES).writeValueAsString(root) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    private static Map<String, Object> rope(Llama.Config c) {
        Map<String, Object> rope = new TreeMap<>(Map.of("rope_theta", c.ropeTheta(), "rope_type", "default"));
        Rope.Scaling scaling = c.ropeScaling();
        if (scaling != null) {
            rope.put("rope_type", "llama3");
            rope.put("factor", scaling.factor());
            rope.put("low_freq_factor", scaling.lowFreqFactor());
            rope.put("high_freq_factor", scaling.highFreqFactor());
            rope.put("original_max_position_embeddings", scaling.originalMaxPositionEmbeddings());
        }
        return rope;
    }

    /** A JSON file that holds an object. */
    static JsonNode json(Path file) {
        try {
            if (Files.size(file) > MAX_BYTES) {
                throw new UserError(file + " has more than " + MAX_BYTES + " bytes; such a file has a few thousand.");
            }
            JsonNode root = JSON.readTree(Files.readAllBytes(file));
            if (!root.isObject()) {
                throw new UserError(file + " is no JSON object.");
            }
            return root;
        } catch (NoSuchFileException e) {
            throw new UserError("There is no file " + file + ".", e);
        } catch (IOException e) {
            throw new UserError("Cannot read " + file + ": " + e.getMessage(), e);
        } catch (JacksonException e) {
            throw new UserError(file + " is not JSON: " + e.getOriginalMessage(), e);
        }
    }

    private static boolean given(JsonNode node, String key) {
        return node.has(key) && !node.path(key).isNull();
    }

    static int integer(JsonNode node, String key, @Nullable Integer absent) {
        if (!given(node, key)) {
            if (absent == null) {
                throw new UserError("it has no " + key + ".");
            }
            return absent;
        }
        JsonNode value = node.path(key);
        if (!value.isInt() || value.asInt() < 1 || value.asInt() > MAX_SIZE) {
            throw wrong(node, key, "an integer from 1 to " + MAX_SIZE);
        }
        return value.asInt();
    }

    private static double number(JsonNode node, String key, double absent) {
        if (!given(node, key)) {
            return absent;
        }
        JsonNode value = node.path(key);
        if (!value.isNumber() || !Double.isFinite(value.asDouble())) {
            throw wrong(node, key, "a number");
        }
        return value.asDouble();
    }

    private static boolean flag(JsonNode node, String key) {
        if (given(node, key) && !node.path(key).isBoolean()) {
            throw wrong(node, key, "true or false");
        }
        return node.path(key).asBoolean(false);
    }

    private static String text(JsonNode node, String key, String absent) {
        if (!given(node, key)) {
            return absent;
        }
        if (!node.path(key).isString()) {
            throw wrong(node, key, "a string");
        }
        return node.path(key).asString();
    }

    private static UserError wrong(JsonNode node, String key, String wanted) {
        return new UserError(key + " is " + node.path(key) + "; " + wanted + " is wanted.");
    }
}
