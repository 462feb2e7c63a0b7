package io.github.dyt4j.training;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.Llama;
import io.github.dyt4j.models.Models;
import java.util.SequencedMap;

/** The language model that a recipe names. */
public final class LanguageModels {
    private LanguageModels() {}

    /**
     * Its size; {@code vocab_size} is the tokenizer's where the recipe leaves it away.
     *
     * @param vocabulary tokens that the tokenizer has
     * @throws UserError if the recipe's {@code vocab_size} is smaller, or its model is none of language
     */
    public static Llama.Config config(Recipe recipe, int vocabulary) {
        SequencedMap<String, Object> arguments = recipe.modelArguments();
        if (!(Models.config(recipe.model(), arguments) instanceof Llama.Config)) {
            throw new UserError(recipe.model() + " is a model of images; a language model is wanted, as llama_mini.");
        }
        int known = (int) arguments.computeIfAbsent("vocab_size", _ -> vocabulary);
        if (known < vocabulary) {
            throw new UserError("vocab_size is " + known + ", but the tokenizer " + recipe.text("tokenizer") + " has "
                    + vocabulary + " tokens: there would be no embedding for the rest.\n"
                    + "Leave vocab_size away, and it is taken from the tokenizer.");
        }
        return (Llama.Config) Models.config(recipe.model(), arguments);
    }
}
