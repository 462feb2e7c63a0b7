package io.github.dyt4j.models;

import io.github.dyt4j.torch.Grad;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * DINO's loss (Caron et al. 2021, equations 1 to 3): of every pair of a full crop u and another crop v, the cross-entropy
 * {@code −Σ_k P_t(u)_k·log P_s(v)_k}, P_s = softmax(z_s/τ_s), P_t = softmax((z_t − c)/τ_t), c the {@linkplain Dino#center centre}; the mean over pairs and
 * images. There are two full crops, the first two.
 *
 * @param studentTemp τ_s
 * @param teacherTemp τ_t, which sharpens
 */
public record DinoLoss(double studentTemp, double teacherTemp) {
    private static final int FULL = 2;

    /**
     * What a batch came to.
     *
     * @param loss one value with the student's graph
     * @param mean of the teacher's logits (1, K), for the next centre
     */
    public record Result(Tensor loss, Tensor mean) {}

    /** @param crops of a batch, each (B, C, S, S): the two full ones, then any number of smaller ones */
    public Result of(Dino model, List<Tensor> crops) {
        Tensor said; // (2, B, K)
        Tensor mean;
        try (var _ = Grad.off()) {
            Tensor logits = model.teacher(crops.subList(0, FULL)).to(ScalarType.Float); // (2·B, K)
            mean = logits.mean(new long[] {0}, true, new ScalarTypeOptional());
            said = teacher(model, logits).view(FULL, -1, logits.size(1));
        }
        Tensor z = model.student(crops).to(ScalarType.Float).div(new Scalar(studentTemp)); // (crops·B, K)
        Tensor logs = z.log_softmax(1).view(crops.size(), -1, z.size(1)); // (crops, B, K)
        // A full crop is compared with the other one, a smaller crop with both.
        Tensor sum = logs.narrow(0, 0, FULL).mul(said.flip(0)).sum();
        if (crops.size() > FULL) {
            Tensor both = said.sum(new long[] {0}, true, new ScalarTypeOptional());
            sum = sum.add(logs.narrow(0, FULL, crops.size() - FULL).mul(both).sum());
        }
        long pairs = FULL * (crops.size() - 1L);
        return new Result(sum.div(new Scalar(-(double) (pairs * said.size(1)))), mean);
    }

    /** P_t (n, K) from the teacher's logits (n, K). */
    public Tensor teacher(Dino model, Tensor logits) {
        return logits.to(ScalarType.Float)
                .sub(model.center())
                .div(new Scalar(teacherTemp))
                .softmax(1);
    }

    /** The mean entropy of distributions (n, K), in nats: ln K where they say nothing, 0 where they are sure. */
    public static double entropy(Tensor p) {
        return -torch.xlogy(p, p).sum().item_double() / p.size(0);
    }
}
