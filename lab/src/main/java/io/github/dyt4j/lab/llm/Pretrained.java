package io.github.dyt4j.lab.llm;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.models.HuggingFaceFolder;
import io.github.dyt4j.models.Llama;
import io.github.dyt4j.torch.MappedWeights;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.training.LanguageModels;
import io.github.dyt4j.training.TrainedRun;
import io.github.dyt4j.training.run.RunTensors;
import io.github.dyt4j.training.text.Tokenizer;
import io.github.dyt4j.training.text.TokenizerFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * A trained language model, for evaluation, and its tokenizer. Weights that are stored in the wanted dtype are read where they lie in the
 * file and cost no memory of their own.
 *
 * @param endOfText the ids that end a text
 */
public record Pretrained(Llama model, Tokenizer tokenizer, Set<Integer> endOfText) implements AutoCloseable {
    /**
     * Opens a run's folder, one of its checkpoints, or a Hugging Face folder with its tokenizer.json.
     *
     * @param dtype that the weights are held and multiplied in
     * @throws UserError if it is none of them, or its parts do not go together
     */
    public static Pretrained open(Path folder, Dtype dtype) throws IOException {
        return Files.exists(folder.resolve("config.json")) ? huggingFace(folder, dtype) : trained(folder, dtype);
    }

    private static Pretrained huggingFace(Path folder, Dtype dtype) {
        Path file = folder.resolve("tokenizer.json");
        if (!Files.exists(file)) {
            throw new UserError(folder + " has no tokenizer.json"
                    + (Files.exists(folder.resolve("tokenizer.model"))
                            ? "; its tokenizer.model is SentencePiece's, which is not read.\nSave it with transformers'"
                                    + " AutoTokenizer.save_pretrained, which writes tokenizer.json."
                            : ", so its text cannot become tokens."));
        }
        Tokenizer tokenizer = TokenizerFile.open(file);
        Llama model = null;
        try {
            model = HuggingFaceFolder.open(folder, dtype);
            Set<Integer> ends = new TreeSet<>(HuggingFaceFolder.endOfText(folder));
            ends.add(tokenizer.endOfText());
            return of(model, tokenizer, ends, file);
        } catch (RuntimeException | Error e) {
            close(model, tokenizer);
            throw e;
        }
    }

    private static Pretrained trained(Path folder, Dtype dtype) throws IOException {
        if (Files.isDirectory(folder)
                && !Files.exists(folder.resolve("recipe.yaml"))
                && !Files.exists(folder.resolve(RunTensors.MODEL))) {
            throw new UserError(folder + " is no model: neither a run (recipe.yaml), nor a checkpoint of one, nor a"
                    + " Hugging Face folder (config.json).");
        }
        TrainedRun run = TrainedRun.of(folder);
        LanguageModels.config(run.recipe(), 1); // before its tokenizer is missed: it may be of images
        Tokenizer tokenizer = run.tokenizer();
        Llama model = null;
        MappedWeights weights = null;
        try {
            Llama.Config config = LanguageModels.config(run.recipe(), tokenizer.vocabSize());
            NormSpec norm = NormSpec.parse(run.recipe().norm());
            weights = MappedWeights.open(List.of(run.weights()), dtype);
            weights.check(config.shapes(norm), Set.of());
            model = config.create(norm, Parameters.root(weights));
            return of(model, tokenizer, Set.of(tokenizer.endOfText()), folder);
        } catch (RuntimeException | Error e) {
            if (weights != null && model == null) {
                weights.close();
            }
            close(model, tokenizer);
            throw e;
        }
    }

    private static Pretrained of(Llama model, Tokenizer tokenizer, Set<Integer> ends, Path where) {
        if (tokenizer.vocabSize() > model.config().vocabSize()) {
            throw new UserError(where + " has " + tokenizer.vocabSize() + " tokens, and the model's embedding "
                    + model.config().vocabSize() + ": they are not of one model.");
        }
        model.parameters().training(false);
        return new Pretrained(model, tokenizer, Set.copyOf(ends));
    }

    private static void close(@Nullable Llama model, Tokenizer tokenizer) {
        if (model != null) {
            model.close();
        }
        tokenizer.close();
    }

    @Override
    public void close() {
        close(model, tokenizer);
    }
}
