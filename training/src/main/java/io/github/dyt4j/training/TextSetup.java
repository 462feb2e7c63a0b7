package io.github.dyt4j.training;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.Llama;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.models.Overrides;
import io.github.dyt4j.training.text.Corpus;
import io.github.dyt4j.training.text.TokenData;
import io.github.dyt4j.training.text.TokenStream;
import io.github.dyt4j.training.text.TokenizerChoice;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;

/**
 * Text as sequences of T = {@code seq_len} tokens, and a language model with the tokenizer's vocabulary. Sequence i of a stream is tokens
 * i·T to i·T + T − 1, and each token's label is the one after it; so every token but the first is a label once.
 *
 * @param length T
 */
record TextSetup(Recipe recipe, TokenData data, Llama.Config config, int length, boolean noise) implements TaskSetup {
    static TextSetup open(Recipe recipe) {
        TaskSetup.refuse(recipe, RecipeKeys.ofImages(), "images", "text");
        TaskSetup.refuseForeign(recipe);
        if (recipe.data().equals("builtin")) {
            throw new UserError(
                    "The data builtin are images, and " + recipe.model() + " learns from text.\n"
                            + "Set data to a folder of text files, to JSON lines or Parquet, or to jdk for the sources of the running JDK.");
        }
        TokenData data = Corpus.open(recipe.data(), recipe.text("tokenizer"), recipe.number("held_out"));
        try {
            return of(recipe, data, data.tokenizer().vocabSize());
        } catch (RuntimeException | Error e) {
            data.close();
            throw e;
        }
    }

    static TextSetup trial(Recipe recipe, Llama.Config config, int sequences) {
        if (there(recipe)) {
            return open(recipe);
        }
        int length = length(recipe, config);
        TokenData noise = new SyntheticText(config.vocabSize(), (long) sequences * length + 1);
        return new TextSetup(recipe, noise, config, length, true);
    }

    private static boolean there(Recipe recipe) {
        Path data = recipe.data().equals("jdk")
                ? Path.of(System.getProperty("java.home"), "lib", "src.zip")
                : Path.of(recipe.data());
        return TokenizerChoice.of(recipe.text("tokenizer")).there() && Files.exists(data);
    }

    /** @param vocabulary tokens that the data may hold */
    static TextSetup of(Recipe recipe, TokenData data, int vocabulary) {
        Llama.Config config = LanguageModels.config(recipe, vocabulary);
        int length = length(recipe, config);
        TextSetup setup = new TextSetup(recipe, data, config, length, false);
        if (setup.sequences(data.heldOut()) == 0) {
            throw new UserError("The held-out text has " + data.heldOut().size()
                    + " tokens, fewer than one sequence of " + length + " and the token after it.\n"
                    + "Take more text, a larger held_out or a smaller seq_len.");
        }
        return setup;
    }

    private static int length(Recipe recipe, Llama.Config config) {
        int longest = config.maxPositionEmbeddings();
        int length = recipe.has("seq_len") ? recipe.integer("seq_len") : longest;
        if (length > longest) {
            throw new UserError("seq_len is " + length + ", and " + recipe.model() + " takes sequences of up to "
                    + longest + " tokens.\nSet max_position_embeddings=" + length + " as well, or a smaller seq_len.");
        }
        return length;
    }

    /** How many whole sequences a stream has. */
    int sequences(TokenStream stream) {
        return Math.toIntExact(Math.max(0, stream.size() - 1) / length);
    }

    /** How many of them an evaluation takes. */
    int judged() {
        int all = sequences(data.heldOut());
        int asked = recipe.integer("eval_sequences");
        return asked == 0 ? all : Math.min(asked, all);
    }

    @Override
    public String describe() {
        return noise
                ? "random tokens of a vocabulary of " + config.vocabSize()
                : data.describe() + "\n"
                        + String.format(
                                Locale.ROOT,
                                "%,d training sequences of %d tokens; judged by %,d of %,d held-out ones",
                                trainingExamples(),
                                length,
                                judged(),
                                sequences(data.heldOut()));
    }

    @Override
    public Examples examples() {
        return Examples.sequences(length);
    }

    @Override
    public long trainingExamples() {
        return sequences(data.training());
    }

    @Override
    public long activationCount() {
        return config.with(new Overrides(recipe.model(), Map.of("max_position_embeddings", length)))
                .activationCount();
    }

    @Override
    public TextSetup with(Recipe changed) {
        return new TextSetup(changed, data, config, length, noise);
    }

    @Override
    public Task task(Model model) {
        return new LanguageTask(this, model);
    }

    @Override
    public void close() {
        data.close();
    }
}
