package io.github.dyt4j.models;

import io.github.dyt4j.torch.Autocast;
import io.github.dyt4j.torch.Grad;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * L = −Σ_t log( exp(sim(c_t, q_t)/κ) / Σ_{q̃ ∈ {q_t} ∪ distractors} exp(sim(c_t, q̃)/κ) ), sim the cosine (Baevski et al. 2020, equation 3).
 * A distractor of the same codes as the target is left out of the sum.
 *
 * @param sum L, over all M frames
 * @param correct frames whose target is the likeliest of its candidates, and not only because all others were left out
 */
record ContrastiveLoss(Tensor sum, long correct) {
    /**
     * All cosines of the M frames are computed once, M² of them, and the candidates read from there: with 100 distractors of one another that
     * is less than to gather vectors.
     *
     * @param predicted c (M, D)
     * @param targets q (M, D)
     * @param codes (M) i64, equal where two targets are the same entries of the codebooks
     * @param negatives (M, K) i64, rows of {@code targets}
     */
    static ContrastiveLoss of(Tensor predicted, Tensor targets, Tensor codes, Tensor negatives, double temperature) {
        long m = negatives.size(0);
        Tensor c = torch.normalize(predicted.to(ScalarType.Float));
        Tensor q = torch.normalize(targets.to(ScalarType.Float));
        Tensor cosines; // (M, M)
        // Divided by κ, the rounding of bf16 would be that of whole logits.
        try (var _ = Autocast.bf16(false)) {
            cosines = c.matmul(q.t());
        }
        Tensor own =
                torch.arange(new Scalar(m), new TensorOptions(ScalarType.Long)).unsqueeze(1);
        Tensor candidates = torch.cat(new TensorVector(own, negatives), 1); // (M, 1 + K)
        Tensor same = codes.index_select(0, candidates.flatten()).view(m, -1).eq(codes.unsqueeze(1));
        same.select(1, 0).fill_(new Scalar(0));
        Tensor logits = cosines.gather(1, candidates)
                .mul(new Scalar(1 / temperature))
                .masked_fill(same, new Scalar(Double.NEGATIVE_INFINITY)); // (M, 1 + K)
        Tensor sum = logits.log_softmax(1).select(1, 0).sum().neg();
        try (var _ = Grad.off()) {
            Tensor best = logits.argmax(new LongOptional(1), false).eq(new Scalar(0));
            Tensor alone = same.sum(1).eq(new Scalar(negatives.size(1)));
            return new ContrastiveLoss(
                    sum, best.logical_and(alone.logical_not()).sum().item_long());
        }
    }
}
