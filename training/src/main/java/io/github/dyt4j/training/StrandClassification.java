package io.github.dyt4j.training;

import io.github.dyt4j.models.Model;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * {@link Classification} of DNA: where a test batch brings a second view, the other strand, the mean of both strands' logits is judged
 * (post-hoc conjoining: Schiff et al. 2024, section 5).
 */
final class StrandClassification implements Objective {
    private final Classification own = new Classification();

    @Override
    public Tensor loss(Model model, Batch batch) {
        return own.loss(model, batch);
    }

    @Override
    public Scores score(Model model, Batch batch) {
        Tensor logits = model.forward(batch.input()).to(ScalarType.Float); // (B, classes)
        if (batch.views().size() > 1) {
            Tensor other = model.forward(batch.views().getLast()).to(ScalarType.Float);
            logits = logits.add(other).mul(new Scalar(0.5));
        }
        return Classification.scores(logits.log_softmax(1), batch);
    }

    @Override
    public Metric metric() {
        return own.metric();
    }
}
