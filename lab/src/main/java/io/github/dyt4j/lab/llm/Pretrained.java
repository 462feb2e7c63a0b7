package io.github.dyt4j.lab.llm;

import io.github.dyt4j.models.Llama;
import io.github.dyt4j.training.text.Tokenizer;
import java.nio.file.Path;
import java.util.Set;

/**
 * A trained language model, for evaluation, and its tokenizer.
 *
 * @param endOfText the ids that end a text
 */
public record Pretrained(Llama model, Tokenizer tokenizer, Set<Integer> endOfText) implements AutoCloseable {
    /** In what the weights are held and multiplied. */
    public enum Precision {
        F32,
        BF16;

        /** bf16 where the machine multiplies it, else f32. */
        @SuppressWarnings("DoNotCallSuggester") // until it is written
        public static Precision automatic() {
            throw new UnsupportedOperationException("not written yet");
        }
    }

    /** Opens a run's folder, one of its checkpoints, or a Hugging Face folder, its weights mapped from the file where they need no conversion. */
    @SuppressWarnings("DoNotCallSuggester") // until it is written
    public static Pretrained open(Path folder, Precision precision) {
        throw new UnsupportedOperationException("not written yet: " + folder + " " + precision);
    }

    @Override
    public void close() {
        model.close();
        tokenizer.close();
    }
}
