package io.github.dyt4j.torch;

import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.kernels.Kernels;
import io.github.dyt4j.kernels.RowNormCall;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * LayerNorm {@code γ·(x − mean)/√(var + ε) + β} (Ba et al. 2016) and RMSNorm {@code γ·x/√(mean(x²) + ε)} (Zhang and Sennrich 2019), the
 * statistics over the channels of each token. In the state dict: {@code weight} (C) and, for LayerNorm, {@code bias} (C). ε = 1e-6.
 */
public final class RowNorm implements Norm {
    private final Norms norms;
    private final boolean centered;
    private final Site site;
    private final String name;
    private final int dim;
    private final Layout layout;
    private final double eps;
    private final boolean fused;
    private final @Nullable Tensor weight;
    private final @Nullable Tensor bias;
    private boolean folded;

    RowNorm(Norms norms, NormSpec spec, Site site, Parameters p, int dim, Layout layout, Affine affine) {
        this.norms = norms;
        this.centered = spec.function() == NormFunction.LAYERNORM;
        this.site = site;
        this.name = p.name();
        this.dim = dim;
        this.layout = layout;
        this.eps = spec.eps();
        this.fused = "fused".equals(spec.kernel());
        this.weight = affine != Affine.NONE && spec.flag(NormOption.WEIGHT)
                ? p.parameter("weight", Tensors.full(1, dim))
                : null;
        this.bias = affine == Affine.FULL && centered && spec.flag(NormOption.BIAS)
                ? p.parameter("bias", Tensors.full(0, dim))
                : null;
    }

    @Override
    public Tensor forward(Tensor x) {
        norms.seen(this, x);
        Tensor g = folded ? null : weight;
        Tensor b = folded ? null : bias;
        if (layout == Layout.LAST || x.dim() == 2) {
            return lastAxis(x, g, b);
        }
        return Axes.channelsFirst(lastAxis(Axes.channelsLast(x), g, b));
    }

    private Tensor lastAxis(Tensor x, @Nullable Tensor g, @Nullable Tensor b) {
        Dtype dtype = Memory.dtype(x);
        if (fused && dtype != null) {
            return fused(x, dtype, g, b);
        }
        if (centered) {
            return torch.layer_norm(x, new long[] {dim}, optional(g), optional(b), eps, false);
        }
        return torch.rms_norm(x, new long[] {dim}, optional(g), new DoubleOptional(eps));
    }

    private Tensor fused(Tensor input, Dtype dtype, @Nullable Tensor gamma, @Nullable Tensor beta) {
        Tensor x = input.contiguous();
        boolean graph = Grad.enabled() && (x.requires_grad() || trains(gamma) || trains(beta));
        long rows = x.numel() / dim;
        Tensor y;
        Tensor mean;
        Tensor rstd;
        try (var _ = Grad.off()) {
            y = torch.empty_like(x);
            mean = centered ? Tensors.empty(rows) : null;
            rstd = Tensors.empty(rows);
            Tensor g = Memory.f32(gamma);
            Tensor b = Memory.f32(beta);
            Kernels.rowNorm()
                    .forward(
                            new RowNormCall(centered, dtype, rows, dim, eps, Memory.address(g), Memory.address(b)),
                            Memory.address(x),
                            Memory.address(y),
                            Memory.address(mean),
                            Memory.address(rstd));
            Memory.keepAlive(x, g, b);
        }
        if (!graph) {
            return y;
        }
        Tensor saved = x.detach();
        return Splice.node(x, y, saved, dy -> backward(saved, dtype, mean, rstd, dy, gamma, beta));
    }

    private Tensor backward(
            Tensor x,
            Dtype dtype,
            @Nullable Tensor mean,
            Tensor rstd,
            Tensor upstream,
            @Nullable Tensor gamma,
            @Nullable Tensor beta) {
        Tensor dy = Memory.dtype(upstream) == dtype ? upstream : upstream.to(x.scalar_type());
        Tensor dx = torch.empty_like(x);
        Tensor g = Memory.f32(gamma);
        Tensor dGamma = trains(gamma) ? Tensors.empty(dim) : null;
        Tensor dBeta = trains(beta) ? Tensors.empty(dim) : null;
        Kernels.rowNorm()
                .backward(
                        new RowNormCall(centered, dtype, x.numel() / dim, dim, eps, Memory.address(g), 0),
                        Memory.address(x),
                        Memory.address(mean),
                        Memory.address(rstd),
                        Memory.address(dy),
                        Memory.address(dx),
                        Memory.address(dGamma),
                        Memory.address(dBeta));
        Memory.keepAlive(x, dy, mean, rstd, g);
        if (gamma != null && dGamma != null) {
            Memory.addGradient(gamma, dGamma);
        }
        if (beta != null && dBeta != null) {
            Memory.addGradient(beta, dBeta);
        }
        return dx;
    }

    @Override
    public Tensor squashed(Tensor x) {
        try (var _ = Grad.off()) {
            Tensor v = x.to(ScalarType.Float);
            boolean permuted = layout == Layout.CHANNELS_FIRST && x.dim() > 2;
            Tensor y = permuted ? Axes.channelsLast(v) : v;
            if (centered) {
                y = torch.layer_norm(y, new long[] {dim}, new TensorOptional(), new TensorOptional(), eps, false);
            } else {
                y = y.mul(y.mul(y)
                        .mean(new long[] {-1}, true, new ScalarTypeOptional())
                        .add(new Scalar(eps))
                        .rsqrt());
            }
            return permuted ? Axes.channelsFirst(y) : y;
        }
    }

    private static TensorOptional optional(@Nullable Tensor t) {
        return t == null ? new TensorOptional() : new TensorOptional(t);
    }

    private static boolean trains(@Nullable Tensor p) {
        return p != null && p.requires_grad();
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Site site() {
        return site;
    }

    @Override
    public float @Nullable [] alpha() {
        return null;
    }

    @Override
    public @Nullable Tensor weight() {
        return weight;
    }

    @Override
    public @Nullable Tensor bias() {
        return bias;
    }

    @Override
    public void fold(boolean on) {
        folded = on;
    }

    @Override
    public boolean folded() {
        return folded;
    }
}
