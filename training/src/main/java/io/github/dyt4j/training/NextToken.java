package io.github.dyt4j.training;

import io.github.dyt4j.models.Model;
import io.github.dyt4j.torch.CrossEntropy;
import io.github.dyt4j.torch.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Cross-entropy of the next token, {@code −log softmax(z)_label}, mean over the tokens, in f32 whatever the model computes in. Judged by the
 * same in nats a token, e to which is the perplexity; a sequence's score is its own mean.
 */
public final class NextToken implements Objective {
    private static final Metric LOSS = new Metric("loss", Metric.NATS_PER_TOKEN, false);

    @Override
    public Tensor loss(Model model, Batch batch) {
        Tensor logits = model.forward(batch.input()).flatten(0, 1); // (B·T, V)
        return CrossEntropy.mean(logits, batch.labels().flatten());
    }

    @Override
    public Scores score(Model model, Batch batch) {
        Tensor labels = batch.labels().flatten().unsqueeze(1); // (B·T, 1)
        Tensor own = logProbabilities(model, batch).gather(1, labels); // (B·T, 1)
        float[] examples = Tensors.floats(
                own.view(batch.input().size(0), batch.input().size(1)).mean(1).neg()); // (B)
        double sum = 0;
        for (float example : examples) {
            sum += example;
        }
        return new Scores(sum, examples);
    }

    /** (B·T, V). The logits, of which there are as many, are let go at once. */
    private static Tensor logProbabilities(Model model, Batch batch) {
        try (Tensor logits = model.forward(batch.input()); // (B, T, V)
                Tensor rows = logits.flatten(0, 1); // (B·T, V)
                Tensor wide = rows.to(ScalarType.Float)) {
            return wide.log_softmax(1);
        }
    }

    @Override
    public Metric metric() {
        return LOSS;
    }
}
