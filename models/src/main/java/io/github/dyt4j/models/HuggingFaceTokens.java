package io.github.dyt4j.models;

import io.github.dyt4j.formats.UserError;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;

/**
 * The ids of the tokens that begin and end a text, as a model's folder names them: {@code bos_token_id} and {@code eos_token_id}, of which
 * the second is one id or a list. generation_config.json goes before config.json, as in transformers' generate.
 *
 * @param end what ends a text, in the order of the file; empty where no token does
 */
public record HuggingFaceTokens(OptionalInt begin, List<Integer> end) {
    static final String GENERATION = "generation_config.json";
    private static final String BEGIN = "bos_token_id";
    private static final String END = "eos_token_id";

    public HuggingFaceTokens {
        end = List.copyOf(end);
    }

    /** Of a model whose texts neither begin nor end with a token. */
    public static HuggingFaceTokens none() {
        return new HuggingFaceTokens(OptionalInt.empty(), List.of());
    }

    /**
     * Reads a folder's ids.
     *
     * @throws UserError where there is no config.json, or an id is none of the vocabulary's
     */
    public static HuggingFaceTokens read(Path folder) {
        Map<Path, JsonNode> files = new LinkedHashMap<>();
        Path generation = folder.resolve(GENERATION);
        if (Files.exists(generation)) {
            files.put(generation, HuggingFaceConfig.json(generation));
        }
        Path config = folder.resolve(HuggingFaceConfig.FILE);
        JsonNode root = HuggingFaceConfig.json(config);
        files.put(config, root);
        int vocabSize;
        try {
            vocabSize = HuggingFaceConfig.integer(root, "vocab_size", null);
        } catch (UserError e) {
            throw new UserError(config + ": " + e.getMessage(), e);
        }
        List<Integer> begin = first(files, BEGIN, vocabSize);
        return new HuggingFaceTokens(
                begin.isEmpty() ? OptionalInt.empty() : OptionalInt.of(begin.getFirst()), first(files, END, vocabSize));
    }

    private static List<Integer> first(Map<Path, JsonNode> files, String key, int vocabSize) {
        for (Map.Entry<Path, JsonNode> file : files.entrySet()) {
            JsonNode value = file.getValue().path(key);
            if (!value.isMissingNode() && !value.isNull()) {
                return ids(file.getKey(), key, value, vocabSize);
            }
        }
        return List.of();
    }

    private static List<Integer> ids(Path file, String key, JsonNode value, int vocabSize) {
        boolean list = value.isArray() && key.equals(END);
        List<Integer> ids = new ArrayList<>();
        for (JsonNode id : list ? value : List.of(value)) {
            if (!id.isInt() || id.asInt() < 0 || id.asInt() >= vocabSize) {
                throw new UserError(file + ": " + key + " is " + value + "; "
                        + (key.equals(END) ? "an id or a list of ids" : "an id") + " from 0 to " + (vocabSize - 1)
                        + ", the vocabulary's last, is wanted.");
            }
            ids.add(id.asInt());
        }
        return ids.stream().distinct().toList();
    }

    /** @throws UserError where an id is none of a vocabulary of this size */
    void check(int vocabSize) {
        List<Integer> all = new ArrayList<>(end);
        begin.ifPresent(all::add);
        for (int id : all) {
            if (id < 0 || id >= vocabSize) {
                throw new UserError("The tokenizer's special token " + id + " is none of the model's " + vocabSize
                        + ", which are 0 to " + (vocabSize - 1) + ": tokenizer and model must belong together.");
            }
        }
    }

    /** For config.json, where null says that there is none: transformers would else take an id of its own. */
    Map<String, @Nullable Object> fields() {
        Map<String, @Nullable Object> fields = new TreeMap<>();
        fields.put(BEGIN, begin.isPresent() ? begin.getAsInt() : null);
        fields.put(END, end.isEmpty() ? null : end.size() == 1 ? end.getFirst() : end);
        fields.put("pad_token_id", null);
        return fields;
    }

    /** generation_config.json as transformers makes it from such a config.json. */
    byte[] generation() {
        Map<String, @Nullable Object> root = fields();
        root.values().removeIf(value -> value == null);
        root.put("_from_model_config", true);
        return HuggingFaceConfig.json(root);
    }
}
