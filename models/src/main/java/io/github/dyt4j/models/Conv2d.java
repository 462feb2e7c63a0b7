package io.github.dyt4j.models;

import io.github.dyt4j.torch.Initial;
import io.github.dyt4j.torch.Parameters;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * y = x ∗ W + b with a square kernel, W (out, in/groups, K, K), b (out) from 0 or none, by libtorch's conv2d. Images that lie in memory as
 * (N, H, W, C) leave it so, where it is the faster on the CPU, for a depthwise kernel by far.
 */
final class Conv2d {
    private final Tensor weight;
    private final @Nullable Tensor bias;
    private final long[] stride;
    private final long[] padding;
    private final long groups;

    Conv2d(Parameters p, Initial weight, boolean hasBias, int stride, int padding, int groups) {
        this.weight = p.parameter("weight", weight);
        this.bias = hasBias ? p.parameter("bias", Init.zeros(weight.shape()[0])) : null;
        this.stride = new long[] {stride, stride};
        this.padding = new long[] {padding, padding};
        this.groups = groups;
    }

    Conv2d(Parameters p, Initial weight, boolean hasBias, int stride, int padding) {
        this(p, weight, hasBias, stride, padding, 1);
    }

    Tensor forward(Tensor x) { // (B, in, H, W)
        TensorOptional b = bias == null ? new TensorOptional() : new TensorOptional(bias);
        return torch.conv2d(x, weight, b, stride, padding, new long[] {1, 1}, groups); // (B, out, H', W')
    }
}
