package io.github.dyt4j.training;

import io.github.dyt4j.models.Model;
import java.util.List;

/** What is trained on what, for what: all in which one family differs from another. Closing it frees the model. */
public interface Task extends AutoCloseable {
    Model model();

    Objective objective();

    /** Whole batches of one pass over the training data. */
    int batchesPerEpoch();

    /** Training batches without end, from this one on, counted from the first of epoch 0. */
    Batches training(long fromBatch);

    /** The first training batch with nothing mixed into it: what calibration looks at. */
    Batches unmixed();

    /** The test data once, in order. */
    Batches evaluation();

    /** One line for people: what the data is. */
    String describe();

    /** What could not be read and was left out so far, each with its reason. */
    List<String> skipped();

    @Override
    default void close() {
        model().close();
    }
}
