package io.github.dyt4j.models;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.torch.MappedWeights;
import io.github.dyt4j.torch.Parameters;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * A model's folder as Hugging Face lays it out: config.json, generation_config.json, the weights in safetensors, whole or in shards, and
 * the tokenizer's files, which are none of this class's business but that {@link Extra} writes them.
 */
public final class HuggingFaceFolder {
    private static final long HARDLY_ANYTHING = 1 << 16;

    /** What else belongs in a folder: the tokenizer's files. */
    @FunctionalInterface
    public interface Extra {
        /** Nothing else. */
        Extra NONE = _ -> {};

        /** Writes into the folder, which exists and takes its name later. */
        void write(Path folder) throws IOException;
    }

    private HuggingFaceFolder() {}

    /**
     * The folder's model on its mapped files, for evaluation; the files are unmapped when it is closed.
     *
     * @param dtype of the weights; those that are stored so are not copied
     * @throws UserError where config.json is of another kind of model, a file is missing or broken, or the tensors are not the model's
     */
    public static Llama open(Path folder, Dtype dtype) {
        refuseOthers(folder);
        HuggingFaceConfig read = HuggingFaceConfig.read(folder.resolve(HuggingFaceConfig.FILE));
        Llama.Config config = read.config();
        MappedWeights weights = MappedWeights.open(HuggingFaceShards.files(folder), dtype);
        boolean sound = false;
        try {
            check(folder, read, weights);
            Llama model = config.create(read.norm(), Parameters.root(weights));
            sound = true;
            return model;
        } finally {
            if (!sound) {
                weights.close();
            }
        }
    }

    /**
     * The ids that end a text, of generation_config.json, else of config.json; none where neither names one.
     *
     * @throws UserError where there is no such folder, or an id is none of the vocabulary's
     */
    public static Set<Integer> endOfText(Path folder) {
        refuseOthers(folder);
        return new LinkedHashSet<>(HuggingFaceTokens.read(folder).end());
    }

    private static void refuseOthers(Path folder) {
        String wanted = "a model's folder with config.json and " + HuggingFaceShards.WHOLE + " is wanted.";
        String name = folder.toString().toLowerCase(Locale.ROOT);
        if (Files.isRegularFile(folder)) {
            String kind = name.endsWith(".gguf")
                    ? " is a GGUF file, which is not read; "
                    : name.endsWith(".bin") || name.endsWith(".pt") || name.endsWith(".pth")
                            ? " is a pickle, which can run code and is not read; "
                            : " is a file; ";
            throw new UserError(folder + kind + wanted);
        } else if (!Files.isDirectory(folder)) {
            throw new UserError(folder + " is no folder; " + wanted);
        } else if (!Files.exists(folder.resolve(HuggingFaceConfig.FILE))) {
            throw new UserError(folder + " has no config.json; " + wanted);
        }
    }

    private static void check(Path folder, HuggingFaceConfig read, MappedWeights weights) {
        Set<String> tolerated = new HashSet<>(Set.of("model.rotary_emb.inv_freq"));
        for (int i = 0; i < read.config().numHiddenLayers(); i++) {
            tolerated.add(
                    "model.layers." + i + ".self_attn.rotary_emb.inv_freq"); // what old files store and nobody reads
        }
        if (read.config().tieWordEmbeddings()) {
            tolerated.add("lm_head.weight");
        }
        try {
            weights.check(read.config().shapes(read.norm()), tolerated);
        } catch (UserError e) {
            throw new UserError(folder + ": " + e.getMessage(), e);
        }
    }

    /**
     * Writes the model to a folder that transformers and {@link #open} read. The folder appears whole or not at all.
     *
     * @param folder a new or an empty one
     * @param dtype that the weights are stored in
     * @param maxShardBytes of one file's tensors; a tensor above that has a file of its own
     * @param tokens that begin and end a text, for config.json and generation_config.json
     * @param extra writes the tokenizer's files
     * @throws UserError where the folder holds something or cannot be made, the disk is full, an id is none of the model's, or
     *     transformers has no such model
     */
    public static void write(
            Llama model, Path folder, Dtype dtype, long maxShardBytes, HuggingFaceTokens tokens, Extra extra)
            throws IOException {
        Path target = folder.toAbsolutePath().normalize();
        Path parent = target.getParent();
        if (Files.exists(target) && !Files.isDirectory(target)) {
            throw new UserError(folder + " is a file; give a new folder.");
        }
        byte[] config = HuggingFaceConfig.write(model.config(), model.norms().spec(), dtype, tokens);
        Path beside = target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID());
        try {
            if (parent == null || holdsSomething(target)) {
                throw new DirectoryNotEmptyException(folder.toString());
            }
            Files.createDirectories(beside);
        } catch (FileSystemException e) {
            throw noPlace(folder, e);
        }
        try {
            extra.write(beside);
            Files.write(beside.resolve(HuggingFaceConfig.FILE), config);
            Files.write(beside.resolve(HuggingFaceTokens.GENERATION), tokens.generation());
            HuggingFaceShards.write(model.parameters().state(), beside, dtype, maxShardBytes);
            place(beside, target, folder);
        } catch (IOException e) {
            if (full(e, parent)) {
                throw new UserError(
                        "The disk is full: cannot write " + folder + " (" + e.getMessage()
                                + ").\nFree some space, or give a folder on another disk.",
                        e);
            }
            throw e;
        } finally {
            delete(beside);
        }
    }

    private static void place(Path written, Path target, Path folder) throws IOException {
        try {
            Files.deleteIfExists(target);
            Files.move(written, target, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            throw noPlace(folder, e);
        }
    }

    private static UserError noPlace(Path folder, FileSystemException e) {
        if (e instanceof DirectoryNotEmptyException) {
            return new UserError(folder + " is not empty; give a new folder.", e);
        }
        return new UserError(
                "Cannot make the folder " + folder + (e.getReason() == null ? "" : " (" + e.getReason() + ")")
                        + "; give a new one inside a folder that you may write to.",
                e);
    }

    /** Java has no exception for it, and where the system's words are of another language the room that is left decides. */
    private static boolean full(IOException failure, Path folder) {
        for (@Nullable Throwable t = failure; t != null; t = t.getCause()) {
            String message = String.valueOf(t.getMessage()).toLowerCase(Locale.ROOT);
            if (message.contains("no space left")
                    || message.contains("not enough space")
                    || message.contains("quota exceeded")) {
                return true;
            }
        }
        try {
            return Files.getFileStore(folder).getUsableSpace() < HARDLY_ANYTHING;
        } catch (IOException _) {
            return false;
        }
    }

    private static boolean holdsSomething(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return false;
        }
        try (Stream<Path> files = Files.list(folder)) {
            return files.findAny().isPresent();
        }
    }

    private static void delete(Path folder) throws IOException {
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.walk(folder)) {
                for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                    Files.delete(file);
                }
            }
        }
    }
}
