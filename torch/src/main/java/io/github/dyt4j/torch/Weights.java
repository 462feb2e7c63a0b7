package io.github.dyt4j.torch;

import io.github.dyt4j.formats.Safetensors;
import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** A model's state to and from safetensors, by name. */
public final class Weights {
    /** What a loose load left alone: names the file lacks, and names the model lacks. */
    public record Loaded(List<String> missing, List<String> unexpected) {}

    private Weights() {}

    /** Loads a file whose names and shapes must be exactly those of {@code state}. */
    public static void load(Path file, SequencedMap<String, Tensor> state) {
        load(file, state, true);
    }

    /**
     * Copies a file's tensors into {@code state}, converting dtypes. Nothing is written before everything is checked.
     *
     * @param strict whether a missing or unexpected name is an error
     * @throws UserError where the file is broken, a shape differs, or, when strict, names differ, with the list of them
     */
    public static Loaded load(Path file, SequencedMap<String, Tensor> state, boolean strict) {
        try (Safetensors read = Safetensors.open(file)) {
            List<String> missing = state.keySet().stream()
                    .filter(n -> !read.entries().containsKey(n))
                    .toList();
            List<String> unexpected = read.entries().keySet().stream()
                    .filter(n -> !state.containsKey(n))
                    .toList();
            if (strict && !(missing.isEmpty() && unexpected.isEmpty())) {
                throw new UserError(file + " does not hold this model's weights.\nMissing: " + listed(missing)
                        + "\nUnexpected: " + listed(unexpected));
            }
            List<String> shapes = new ArrayList<>();
            state.forEach((name, t) -> {
                Safetensors.Entry entry = read.entries().get(name);
                if (entry != null && !Arrays.equals(entry.shape(), Tensors.shape(t))) {
                    shapes.add(name + " is " + Arrays.toString(entry.shape()) + " in the file and "
                            + Arrays.toString(Tensors.shape(t)) + " in the model");
                }
            });
            if (!shapes.isEmpty()) {
                throw new UserError(file + " holds another size of model: " + shapes.getFirst()
                        + (shapes.size() > 1 ? " (and " + (shapes.size() - 1) + " more)." : "."));
            }
            try (var _ = new Scope();
                    var _ = Grad.off()) {
                state.forEach((name, t) -> {
                    Safetensors.Entry entry = read.entries().get(name);
                    if (entry != null) {
                        t.copy_(tensor(file, entry));
                    }
                });
            }
            return new Loaded(missing, unexpected);
        }
    }

    /** Writes the state atomically: a reader sees the old file or the new one. */
    public static void save(Path file, Map<String, String> metadata, SequencedMap<String, Tensor> state)
            throws IOException {
        try (var _ = new Scope()) {
            Safetensors.write(file, metadata, entries(state));
        }
    }

    public static void save(WritableByteChannel out, Map<String, String> metadata, SequencedMap<String, Tensor> state)
            throws IOException {
        try (var _ = new Scope()) {
            Safetensors.write(out, metadata, entries(state));
        }
    }

    private static List<Safetensors.Entry> entries(SequencedMap<String, Tensor> state) {
        List<Safetensors.Entry> entries = new ArrayList<>();
        state.forEach((name, t) -> {
            Tensor c = t.detach().contiguous();
            entries.add(new Safetensors.Entry(name, format(Memory.type(c)), Tensors.shape(c), Memory.segment(c)));
        });
        return entries;
    }

    static Tensor tensor(Path file, Safetensors.Entry entry) {
        ScalarType type = type(entry.dtype());
        if (type == null) {
            throw new UserError(file + ": " + entry.name() + " is of dtype " + entry.dtype()
                    + ", which cannot be loaded into a model; convert it to F32, BF16 or F16.");
        }
        Tensor t = torch.empty(entry.shape(), new TensorOptions(type), new MemoryFormatOptional());
        MemorySegment.copy(entry.data(), 0, Memory.segment(t), 0, entry.data().byteSize());
        return t;
    }

    private static String format(ScalarType type) {
        return switch (type) {
            case Double -> "F64";
            case Float -> "F32";
            case Half -> "F16";
            case BFloat16 -> "BF16";
            case Long -> "I64";
            case Int -> "I32";
            case Short -> "I16";
            case Char -> "I8";
            case Byte -> "U8";
            case Bool -> "BOOL";
            default -> throw new IllegalArgumentException("safetensors has no name for " + type);
        };
    }

    static @Nullable ScalarType type(String format) {
        return switch (format) {
            case "F64" -> ScalarType.Double;
            case "F32" -> ScalarType.Float;
            case "F16" -> ScalarType.Half;
            case "BF16" -> ScalarType.BFloat16;
            case "I64" -> ScalarType.Long;
            case "I32" -> ScalarType.Int;
            case "I16" -> ScalarType.Short;
            case "I8" -> ScalarType.Char;
            case "U8" -> ScalarType.Byte;
            case "BOOL" -> ScalarType.Bool;
            default -> null;
        };
    }

    private static String listed(List<String> names) {
        if (names.isEmpty()) {
            return "none.";
        }
        int shown = Math.min(names.size(), 8);
        return String.join(", ", names.subList(0, shown))
                + (shown < names.size() ? " and " + (names.size() - shown) + " more." : ".");
    }
}
