package io.github.dyt4j.models;

import io.github.dyt4j.torch.Parameters;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** y = x·Wᵀ + b over the last axis, W (out, in). Starts as in timm's ViT: W ~ N(0, 0.02²), b = 0. */
public final class Linear {
    private final Tensor weight;
    private final Tensor bias;

    public Linear(Parameters p, int in, int out) {
        weight = p.parameter("weight", Init.normal(0.02, out, in));
        bias = p.parameter("bias", Init.zeros(out));
    }

    public Tensor forward(Tensor x) { // (…, in)
        return torch.linear(x, weight, bias); // (…, out)
    }

    static long parameterCount(long in, long out) {
        return out * in + out;
    }
}
