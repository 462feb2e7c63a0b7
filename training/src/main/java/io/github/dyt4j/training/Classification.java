package io.github.dyt4j.training;

import io.github.dyt4j.models.Model;
import io.github.dyt4j.torch.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Cross-entropy with soft targets, {@code −Σ_k t_k·log softmax(z)_k}, mean over the batch; label smoothing and mixing are in the targets.
 * Judged by top-1 accuracy in percent, with the loss of the labels as they are.
 */
public final class Classification implements Objective {
    private static final Metric ACCURACY = new Metric("accuracy", "%", true);

    @Override
    public Tensor loss(Model model, Batch batch) {
        Tensor logProbabilities = logProbabilities(model, batch); // (B, classes)
        return batch.targets() == null
                ? torch.nll_loss(logProbabilities, batch.labels())
                : logProbabilities.mul(batch.targets()).sum().div(new org.bytedeco.pytorch.Scalar(-(double)
                        batch.size()));
    }

    @Override
    public Scores score(Model model, Batch batch) {
        return scores(logProbabilities(model, batch), batch);
    }

    /** @param logProbabilities (B, classes) */
    static Scores scores(Tensor logProbabilities, Batch batch) {
        double loss = torch.nll_loss(logProbabilities, batch.labels()).item_double() * batch.size();
        float[] right = Tensors.floats(logProbabilities
                .argmax(new org.bytedeco.pytorch.LongOptional(1), false)
                .eq(batch.labels()));
        for (int i = 0; i < right.length; i++) {
            right[i] *= 100;
        }
        return new Scores(loss, right);
    }

    private static Tensor logProbabilities(Model model, Batch batch) {
        return model.forward(batch.input()).to(ScalarType.Float).log_softmax(1);
    }

    @Override
    public Metric metric() {
        return ACCURACY;
    }
}
