package io.github.dyt4j.torch;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/** {@code y_{t,d} = bias_d + Σ_j w_{d,j}·x_{t−(K−1)+j,d}}, x = 0 before t = 0: a depthwise convolution along time that sees no later token. */
public final class CausalConv1d {
    private CausalConv1d() {}

    /**
     * y (B, L, D).
     *
     * @param x (B, L, D)
     * @param weight (D, 1, K), as of PyTorch's depthwise Conv1d, short: each of the K taps is a pass
     * @param bias (D), or null
     */
    public static Tensor apply(Tensor x, Tensor weight, @Nullable Tensor bias) {
        long k = weight.size(2);
        long length = x.size(1);
        Tensor taps = weight.squeeze(1).t(); // (K, D)
        Tensor y = x.mul(taps.select(0, k - 1));
        if (bias != null) {
            y = y.add(bias);
        }
        Tensor padded = torch.constant_pad_nd(x, new long[] {0, 0, k - 1, 0}, new Scalar(0)); // (B, K − 1 + L, D)
        for (long j = 0; j < k - 1; j++) {
            y = y.add(padded.narrow(1, j, length).mul(taps.select(0, j)));
        }
        return y;
    }
}
