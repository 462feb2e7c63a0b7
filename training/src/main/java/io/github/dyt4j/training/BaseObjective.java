package io.github.dyt4j.training;

import io.github.dyt4j.models.Model;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;

/**
 * Pretraining on DNA: cross-entropy of the next base (HyenaDNA: Nguyen et al. 2023, section 3) or of masked ones (Caduceus: Schiff et al. 2024,
 * section 4), the mean over the bases that are asked for. Judged by the same in nats a base, e to which is the perplexity of their tables; a
 * window's score is its own mean. Beside it stands how many of the bases are guessed right.
 */
final class BaseObjective implements Objective {
    private static final Metric LOSS = new Metric("loss", Metric.NATS_PER_TOKEN, false);
    static final Metric ACCURACY = new Metric("accuracy", "%", true);

    private final double maskProbability;
    private double right;
    private double counted;

    /** @param maskProbability share of the bases that are asked for; 0: what comes next of each */
    BaseObjective(double maskProbability) {
        this.maskProbability = maskProbability;
    }

    @Override
    public Tensor loss(Model model, Batch batch) {
        if (maskProbability == 0) {
            return BaseLoss.of(model, batch.input(), batch.labels()).mean();
        }
        MaskedBases.Masked masked = MaskedBases.drawn(batch.input(), maskProbability);
        return BaseLoss.of(model, masked.input(), masked.labels()).mean();
    }

    /** Of a batch whose bases are masked already. */
    @Override
    public Scores score(Model model, Batch batch) {
        BaseLoss seen = BaseLoss.of(model, batch.input(), batch.labels());
        right += seen.right();
        counted += seen.count();
        float[] examples = seen.examples();
        double sum = 0;
        for (float example : examples) {
            sum += example;
        }
        return new Scores(sum, examples);
    }

    /** What was scored since it was last asked. */
    SequencedMap<String, Double> extras() {
        SequencedMap<String, Double> extras = new LinkedHashMap<>();
        extras.put(ACCURACY.name(), 100 * right / counted);
        right = 0;
        counted = 0;
        return extras;
    }

    @Override
    public Metric metric() {
        return LOSS;
    }

    @Override
    public List<Metric> extraMetrics() {
        return List.of(ACCURACY);
    }
}
