package io.github.dyt4j.training;

import io.github.dyt4j.models.Model;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** What a model is trained for: a loss to go down, and a metric by which it is judged. */
public interface Objective {
    /**
     * A metric that is the mean of one score an example.
     *
     * @param unit "%" where scores are 0 or 100, {@link #NATS_PER_TOKEN} for language models
     */
    record Metric(String name, String unit, boolean higherIsBetter) {
        public static final String NATS_PER_TOKEN = "nats/token";

        /** Whether e to the value is a perplexity. */
        public boolean perplexity() {
            return unit.equals(NATS_PER_TOKEN);
        }

        public boolean better(double value, double best) {
            return higherIsBetter ? value > best : value < best;
        }
    }

    /** Scores of a test batch, in the metric's unit, and the sum of its examples' losses. */
    @SuppressWarnings("ArrayRecordComponent")
    record Scores(double lossSum, float[] examples) {}

    /** The mean loss of a training batch: f32, one value, with its graph. */
    Tensor loss(Model model, Batch batch);

    /** Judges a batch that nothing was mixed into. The model is in evaluation mode, and no graph is recorded. */
    Scores score(Model model, Batch batch);

    Metric metric();

    /** What else is measured beside {@link #metric}, in the order in which it is shown. */
    default List<Metric> extraMetrics() {
        return List.of();
    }

    /** Up to where a loss is no sign of failing, however small the ones before it: more than 0 where losses rise and fall on a scale of their own. */
    default double harmlessLoss() {
        return 0;
    }

    /** A pass of the batch through the model that reaches every norm of it: what calibration and taps look at. */
    default Tensor forward(Model model, Batch batch) {
        return model.forward(batch.input());
    }

    /** Before the first forward pass of an optimizer step. */
    default void before(Model model, Moment moment) {}

    /** When the step's gradients are whole, before they are measured and clipped. */
    default void afterBackward(Model model, Moment moment) {}

    /** When the step has moved the weights. */
    default void after(Model model, Moment moment) {}
}
