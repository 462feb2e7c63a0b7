package io.github.dyt4j.models;

import io.github.dyt4j.torch.CausalConv1d;
import io.github.dyt4j.torch.Parameters;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/**
 * The Hyena operator of order 2 (Poli et al. 2023, "Hyena Hierarchy", definition 3.1): of three projections x1, x2 and v, each through its own
 * causal filter of width 3 a channel, y = x1 · (k ∗ (x2 · v) + d · x2 · v), and a projection of y. It stands where attention would.
 */
final class HyenaOperator {
    private static final int SHORT = 3;

    private final int width;
    private final Linear inProj;
    private final Tensor shortWeight;
    private final Tensor shortBias;
    private final HyenaFilter filter;
    private final Linear outProj;

    HyenaOperator(Parameters p, HyenaPositions positions, HyenaDna.Config c) {
        width = c.dModel();
        inProj = new Linear(p.child("in_proj"), width, 3 * width);
        outProj = HyenaDna.residual(p.child("out_proj"), width, width, c.nLayer());
        Parameters s = p.child("short_filter");
        // PyTorch's start of a Conv1d: of each channel SHORT values are read.
        double bound = 1 / Math.sqrt(SHORT);
        shortWeight = s.parameter("weight", Init.uniform(bound, 3L * width, 1, SHORT));
        shortBias = s.parameter("bias", Init.uniform(bound, 3L * width));
        filter = new HyenaFilter(p.child("filter_fn"), positions, width, c.embDim(), c.filterOrder(), c.sineFreq());
    }

    Tensor forward(Tensor x) { // (B, L, D)
        Tensor projected = CausalConv1d.apply(inProj.forward(x), shortWeight, shortBias); // (B, L, 3·D)
        TensorVector parts = projected.split(width, 2);
        Tensor v = parts.get(1).mul(parts.get(2)); // (B, L, D)
        Tensor y = filter.forward(v.transpose(1, 2)).transpose(1, 2); // (B, L, D)
        return outProj.forward(y.mul(parts.get(0)));
    }

    /** The layer that reads the input. */
    Linear inProj() {
        return inProj;
    }
}
