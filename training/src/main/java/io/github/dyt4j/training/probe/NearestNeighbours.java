package io.github.dyt4j.training.probe;

import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * k-NN by cosine: the class c with the largest Σ exp(s_i/τ) over those of the k nearest training features that are of class c, s the cosine,
 * k = 20, τ = 0.07 (Wu et al. 2018, section 3.4; Caron et al. 2021, section 4.1). Fewer training features than k are all taken.
 */
public final class NearestNeighbours {
    private static final int K = 20;
    private static final double TEMPERATURE = 0.07;
    private static final int AT_ONCE = 256;

    private NearestNeighbours() {}

    /** 100 for each test image that is told right, else 0. */
    public static float[] scores(FrozenFeatures train, FrozenFeatures test) {
        float[] scores = new float[test.size()];
        int classes = Math.max(train.classes(), test.classes());
        try (var _ = new Scope();
                var _ = Grad.off()) {
            Tensor reference = unit(train.tensor()).t().contiguous(); // (E, N)
            Tensor labels = train.labelTensor(); // (N)
            Tensor queries = unit(test.tensor()); // (M, E)
            for (int from = 0; from < test.size(); from += AT_ONCE) {
                try (var _ = new Scope()) {
                    int m = Math.min(AT_ONCE, test.size() - from);
                    var nearest =
                            queries.narrow(0, from, m).matmul(reference).topk(Math.min(K, train.size()), 1, true, true);
                    Tensor own = labels.take(nearest.get1()); // (m, K)
                    Tensor weights = nearest.get0().div(new Scalar(TEMPERATURE)).exp();
                    Tensor votes = torch.zeros(m, classes).scatter_add(1, own, weights.to(ScalarType.Float));
                    long[] said = Tensors.longs(votes.argmax(new LongOptional(1), false));
                    for (int i = 0; i < m; i++) {
                        scores[from + i] = said[i] == test.labels()[from + i] ? 100 : 0;
                    }
                }
            }
        }
        return scores;
    }

    private static Tensor unit(Tensor x) { // (N, E)
        return x.div(x.norm(new org.bytedeco.pytorch.ScalarOptional(new Scalar(2)), new long[] {1}, true)
                .clamp_min(new Scalar(1e-12)));
    }
}
