package io.github.dyt4j.training;

import io.github.dyt4j.models.Bases;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.torch.Tensors;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * What a model of DNA says of bases, {@code −log softmax(z)_label} in nats. Labels (B, L) are {@link Bases}' tokens; those
 * that are no base (padding, N) count nowhere.
 *
 * @param logProbabilities (B, L, V) f32
 * @param counted (B, L) f32, 1 where the label is a base
 * @param nats (B, L) f32, 0 where nothing counts
 */
record BaseLoss(Tensor labels, Tensor logProbabilities, Tensor counted, Tensor nats) {
    static BaseLoss of(Model model, Tensor tokens, Tensor labels) {
        Tensor logProbabilities = model.forward(tokens).to(ScalarType.Float).log_softmax(2); // (B, L, V)
        Tensor counted = isBase(labels).to(ScalarType.Float);
        Tensor nats = logProbabilities.gather(2, labels.unsqueeze(2)).squeeze(2).neg(); // (B, L)
        return new BaseLoss(labels, logProbabilities, counted, nats.mul(counted));
    }

    /** Where there is A, C, G or T. */
    static Tensor isBase(Tensor tokens) {
        return tokens.ge(new Scalar(Bases.A)).logical_and(tokens.le(new Scalar(Bases.T)));
    }

    /** Over all that count in the batch. */
    Tensor mean() {
        return nats.sum().div(counted.sum().clamp_min(new Scalar(1)));
    }

    /** Each sequence's own mean, (B); 0 where nothing of it counts. */
    float[] examples() {
        return Tensors.floats(nats.sum(1).div(counted.sum(1).clamp_min(new Scalar(1))));
    }

    /** How many labels count. */
    double count() {
        return counted.sum().item_double();
    }

    /** Of how many of these the label is the likeliest token. */
    double right() {
        Tensor likeliest = logProbabilities.argmax(new LongOptional(2), false); // (B, L)
        return likeliest.eq(labels).to(ScalarType.Float).mul(counted).sum().item_double();
    }
}
