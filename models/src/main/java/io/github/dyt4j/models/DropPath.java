package io.github.dyt4j.models;

import io.github.dyt4j.torch.Parameters;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * Stochastic depth: x·m/(1 − rate), m ~ Bernoulli(1 − rate) drawn once a sample (Huang et al. 2016, as in timm). In training alone;
 * the draws are libtorch's generator's.
 */
public final class DropPath {
    private final Parameters p;
    private final double keep;

    /**
     * Makes the layer.
     *
     * @param p any node of the model's tree: it tells whether the model is in training
     * @param rate the probability that a sample is dropped, in [0, 1)
     */
    public DropPath(Parameters p, double rate) {
        this.p = p;
        keep = 1 - rate;
    }

    public Tensor forward(Tensor x) { // (B, …)
        if (keep == 1 || !p.training()) {
            return x;
        }
        long[] shape = new long[(int) x.dim()];
        java.util.Arrays.fill(shape, 1);
        shape[0] = x.size(0);
        Tensor mask =
                x.new_empty(shape).bernoulli_(keep, new GeneratorOptional()).div_(new Scalar(keep)); // (B, 1, …)
        return x.mul(mask);
    }

    /** Each block's rate: from 0 at the first to {@code rate} at the last, in equal steps. */
    static double atBlock(double rate, int block, int depth) {
        return depth == 1 ? 0 : rate * block / (depth - 1);
    }
}
