package io.github.dyt4j.training;

import io.github.dyt4j.models.Model;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalDouble;

/** What is trained on what, for what: all in which one family differs from another. Closing it frees the model and closes the data. */
public interface Task extends AutoCloseable {
    /**
     * Opens the recipe's data and builds its model, with initial weights that the recipe's seed alone decides.
     *
     * @throws io.github.dyt4j.formats.UserError for a mistake in the recipe or the data, or a model that this machine cannot hold
     */
    static Task of(Recipe recipe) {
        return TaskSetup.of(recipe).build();
    }

    TaskSetup setup();

    Model model();

    Objective objective();

    /** Training batches without end, from this one on, counted from the first of the first pass over the data. */
    Batches training(long fromBatch);

    /** The first training batch with nothing mixed into it: what calibration looks at. */
    Batches unmixed();

    /** The test data once, in order. */
    Batches evaluation();

    /** What could not be read and was left out so far, each with its reason. */
    List<String> skipped();

    /** Whole batches of one pass over the training data. */
    default int batchesPerEpoch() {
        return setup().batchesPerEpoch();
    }

    /** What the data are, a line or two for people. */
    default String describe() {
        return setup().describe();
    }

    /** A loss in nats a token in bits a byte of text, which does not depend on the tokenizer; nothing where examples are not text. */
    default OptionalDouble bitsPerByte(double loss) {
        return OptionalDouble.empty();
    }

    /** Judges the model as it is: its scores on the test data, unless the task has another way. */
    default Evaluation evaluate() {
        return Evaluation.of(this, setup().recipe().bf16());
    }

    /** What people would rather look at than read, of the model as it is; asked for once, when a run has ended. */
    default List<Picture> pictures() {
        return List.of();
    }

    /** Puts beside a run's weights what else their use takes: a language model's tokenizer. */
    default void writeCompanions(Path run) throws IOException {}

    @Override
    default void close() {
        model().close();
        setup().close();
    }
}
