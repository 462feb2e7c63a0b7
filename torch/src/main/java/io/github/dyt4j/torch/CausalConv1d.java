package io.github.dyt4j.torch;

import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * {@code y_{t,d} = bias_d + Σ_j w_{d,j}·x_{t−(K−1)+j,d}}, x = 0 before t = 0: a depthwise convolution along time that sees no later token. A
 * pass over memory a tap, forward and backward, which keeps x alone.
 */
public final class CausalConv1d {
    private CausalConv1d() {}

    /**
     * y (B, L, D), of x's dtype, within the {@link Scope} of a step.
     *
     * @param x (B, L, D)
     * @param weight (D, 1, K), as of PyTorch's depthwise Conv1d, short: each of the K taps is a pass
     * @param bias (D), or null
     */
    public static Tensor apply(Tensor x, Tensor weight, @Nullable Tensor bias) {
        ScalarType type = x.scalar_type();
        Tensor taps = weight.squeeze(1).t().to(type); // (K, D)
        Tensor b = bias == null ? null : bias.to(type);
        Tensor y;
        try (var _ = new Scope();
                var _ = Grad.off()) {
            y = Scope.keep(forward(x, taps, b));
        }
        Scope.adopt(y);
        List<Tensor> inputs = Stream.of(x, taps, b).filter(t -> t != null).toList();
        if (!Grad.enabled() || inputs.stream().noneMatch(Tensor::requires_grad)) {
            return y;
        }
        Tensor xs = x.detach();
        Tensor ts = taps.detach();
        return Splice.joined(inputs, y, List.of(xs, ts), dy -> gradients(xs, ts, dy));
    }

    private static Tensor forward(Tensor x, Tensor taps, @Nullable Tensor bias) {
        long last = taps.size(0) - 1;
        Tensor now = taps.select(0, last);
        Tensor y = bias == null ? x.mul(now) : torch.addcmul(bias, x, now);
        for (long lag = 1; lag <= last && lag < x.size(1); lag++) {
            Tensor _ = later(y, lag).addcmul_(earlier(x, lag), taps.select(0, last - lag));
        }
        return y;
    }

    /** Of x, taps and bias. */
    private static Tensor[] gradients(Tensor x, Tensor taps, Tensor dy) {
        Tensor[] gradients;
        try (var _ = new Scope()) {
            long last = taps.size(0) - 1;
            Tensor dx = dy.mul(taps.select(0, last));
            Tensor dTaps = torch.zeros_like(taps);
            for (long lag = 0; lag <= last && lag < x.size(1); lag++) {
                Tensor d = later(dy, lag);
                if (lag > 0) {
                    earlier(dx, lag).addcmul_(d, taps.select(0, last - lag));
                }
                dTaps.select(0, last - lag).copy_(earlier(x, lag).mul(d).sum(0, 1));
            }
            gradients = new Tensor[] {Scope.keep(dx), Scope.keep(dTaps), Scope.keep(dy.sum(0, 1))};
        }
        for (Tensor g : gradients) {
            Scope.adopt(g);
        }
        return gradients;
    }

    /** All but the first {@code lag} tokens. */
    private static Tensor later(Tensor x, long lag) {
        return x.narrow(1, lag, x.size(1) - lag);
    }

    /** All but the last {@code lag} tokens. */
    private static Tensor earlier(Tensor x, long lag) {
        return x.narrow(1, 0, x.size(1) - lag);
    }
}
