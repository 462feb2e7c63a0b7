package io.github.dyt4j.models;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import tools.jackson.databind.JsonNode;

/**
 * The files of a folder's weights: model.safetensors, or shards model-00001-of-0000N.safetensors, of which model.safetensors.index.json
 * says which tensor is where.
 */
final class HuggingFaceShards {
    static final String WHOLE = "model.safetensors";
    private static final String INDEX = "model.safetensors.index.json";

    private HuggingFaceShards() {}

    /** The files that are there, each once. */
    static List<Path> files(Path folder) {
        Path whole = folder.resolve(WHOLE);
        Path index = folder.resolve(INDEX);
        if (Files.exists(whole)) {
            return List.of(whole);
        }
        if (Files.exists(index)) {
            return shards(index);
        }
        throw new UserError(
                pickled(folder)
                        ? folder + " has its weights in pytorch_model.bin alone. A pickle can run code and is not read:"
                                + " save the model with transformers' save_pretrained, which writes " + WHOLE + "."
                        : folder + " has neither " + WHOLE + " nor " + INDEX + ".");
    }

    private static boolean pickled(Path folder) {
        return Files.exists(folder.resolve("pytorch_model.bin"))
                || Files.exists(folder.resolve("pytorch_model.bin.index.json"));
    }

    private static List<Path> shards(Path index) {
        JsonNode map = HuggingFaceConfig.json(index).path("weight_map");
        Set<String> names = new TreeSet<>();
        for (JsonNode name : map) {
            names.add(name.asString(""));
        }
        if (!map.isObject() || names.isEmpty()) {
            throw new UserError(index + " has no weight_map that names the shards.");
        }
        List<Path> shards = new ArrayList<>();
        for (String name : names) {
            // A name in the index's own folder: what is read from disk may not point elsewhere.
            if (!name.matches("[A-Za-z0-9_][A-Za-z0-9_.-]*")) {
                throw new UserError(index + ": '" + name + "' is no file's name.");
            }
            shards.add(index.resolveSibling(name));
        }
        List<String> missing = shards.stream()
                .filter(shard -> !Files.exists(shard))
                .map(shard -> shard.getFileName().toString())
                .toList();
        if (!missing.isEmpty()) {
            throw new UserError(index + " names " + shards.size() + " shards, of which the folder lacks "
                    + String.join(", ", missing.subList(0, Math.min(8, missing.size())))
                    + (missing.size() > 8 ? " and " + (missing.size() - 8) + " more" : "")
                    + ": fetch the whole model.");
        }
        return shards;
    }

    /** Writes the tensors in this dtype, a new file where the last would pass {@code maxShardBytes}. */
    static void write(SequencedMap<String, Tensor> state, Path folder, Dtype dtype, long maxShardBytes)
            throws IOException {
        List<SequencedMap<String, Tensor>> shards = divided(state, dtype, maxShardBytes);
        Map<String, String> weightMap = new TreeMap<>();
        for (int i = 0; i < shards.size(); i++) {
            String name = shards.size() == 1
                    ? WHOLE
                    : String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", i + 1, shards.size());
            shards.get(i).keySet().forEach(tensor -> weightMap.put(tensor, name));
            writeShard(shards.get(i), folder.resolve(name), dtype);
        }
        if (shards.size() > 1) {
            long numbers = state.values().stream().mapToLong(Tensor::numel).sum();
            Map<String, Object> index = new TreeMap<>();
            index.put(
                    "metadata",
                    new TreeMap<>(Map.of("total_parameters", numbers, "total_size", numbers * dtype.bytes())));
            index.put("weight_map", weightMap);
            Files.write(folder.resolve(INDEX), HuggingFaceConfig.json(index));
        }
    }

    private static List<SequencedMap<String, Tensor>> divided(
            SequencedMap<String, Tensor> state, Dtype dtype, long maxShardBytes) {
        List<SequencedMap<String, Tensor>> shards = new ArrayList<>();
        long filled = 0;
        for (Map.Entry<String, Tensor> tensor : state.entrySet()) {
            long bytes = tensor.getValue().numel() * dtype.bytes();
            if (shards.isEmpty() || filled + bytes > maxShardBytes) {
                shards.add(new LinkedHashMap<>());
                filled = 0;
            }
            shards.getLast().put(tensor.getKey(), tensor.getValue());
            filled += bytes;
        }
        return shards;
    }

    private static void writeShard(SequencedMap<String, Tensor> shard, Path file, Dtype dtype) throws IOException {
        ScalarType type = dtype == Dtype.F32 ? ScalarType.Float : ScalarType.BFloat16;
        try (var _ = new Scope();
                var _ = Grad.off()) {
            SequencedMap<String, Tensor> converted = new LinkedHashMap<>();
            shard.forEach((name, t) -> converted.put(name, t.to(type)));
            Weights.save(file, Map.of("format", "pt"), converted);
        }
    }
}
