package io.github.dyt4j.torch;

import io.github.dyt4j.formats.UserError;
import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * {@code γ·(x − mean)/√(var + ε) + β} with a channel's statistics over the batch and all places (Ioffe and Szegedy 2015), by libtorch's
 * batch_norm. In evaluation the running ones are taken, {@code r ← (1 − m)·r + m·s} after every training batch, s the mean or the unbiased
 * variance. ε = 1e-5, m = {@code momentum} = 0.1.
 *
 * <p>In the state dict, as torch.nn.BatchNorm2d has it: {@code weight} and {@code bias} (C), and the buffers {@code running_mean},
 * {@code running_var} (C) and {@code num_batches_tracked} (i64, no axis), which checkpoints hold and optimizers leave alone. A forward pass
 * in training moves them, so the layer is not for blocks whose backward computes them again.
 */
public final class BatchNorm implements Norm {
    private final Norms norms;
    private final Site site;
    private final Parameters node;
    private final Layout layout;
    private final double eps;
    private final double momentum;
    private final @Nullable Tensor weight;
    private final @Nullable Tensor bias;
    private final Tensor runningMean;
    private final Tensor runningVar;
    private final Tensor batches;
    private boolean folded;

    BatchNorm(Norms norms, NormSpec spec, Site site, Parameters p, int dim, Layout layout, Affine affine) {
        this.norms = norms;
        this.site = site;
        this.node = p;
        this.layout = layout;
        this.eps = Double.parseDouble(Objects.requireNonNull(spec.get(NormOption.BATCH_EPS)));
        this.momentum = Double.parseDouble(Objects.requireNonNull(spec.get(NormOption.MOMENTUM)));
        this.weight = affine != Affine.NONE && spec.flag(NormOption.WEIGHT)
                ? p.parameter("weight", Tensors.full(1, dim))
                : null;
        this.bias =
                affine == Affine.FULL && spec.flag(NormOption.BIAS) ? p.parameter("bias", Tensors.full(0, dim)) : null;
        this.runningMean = p.buffer("running_mean", Tensors.full(0, dim));
        this.runningVar = p.buffer("running_var", Tensors.full(1, dim));
        this.batches = p.buffer("num_batches_tracked", Tensors.of(new long[] {0}));
    }

    @Override
    public Tensor forward(Tensor x) {
        norms.seen(this, x);
        if (node.training()) {
            requireTwo(x);
            try (var _ = Grad.off()) {
                batches.add_(new Scalar(1));
            }
        }
        Tensor g = folded ? null : weight;
        Tensor b = folded ? null : bias;
        return channelsFirst(x, v -> normalised(v, g, b, runningMean, runningVar, node.training()));
    }

    private Tensor normalised(
            Tensor x,
            @Nullable Tensor g,
            @Nullable Tensor b,
            @Nullable Tensor mean,
            @Nullable Tensor variance,
            boolean training) {
        return torch.batch_norm(
                x, optional(g), optional(b), optional(mean), optional(variance), training, momentum, eps, false);
    }

    /** As the training mode has it; the running statistics stay. */
    @Override
    public Tensor squashed(Tensor x) {
        try (var _ = Grad.off()) {
            boolean training = node.training();
            return channelsFirst(
                    x.to(ScalarType.Float),
                    v -> normalised(
                            v, null, null, training ? null : runningMean, training ? null : runningVar, training));
        }
    }

    private interface Function {
        Tensor of(Tensor x);
    }

    private Tensor channelsFirst(Tensor x, Function f) {
        return layout == Layout.CHANNELS_FIRST || x.dim() == 2
                ? f.of(x)
                : Axes.channelsLast(f.of(Axes.channelsFirst(x)));
    }

    private void requireTwo(Tensor x) {
        if (x.numel() <= x.size(layout == Layout.CHANNELS_FIRST ? 1 : -1)) {
            throw new UserError("batchnorm at " + name() + " was given one value a channel, which has no variance.\n"
                    + "Train with a larger batch_size or larger images.");
        }
    }

    private static TensorOptional optional(@Nullable Tensor t) {
        return t == null ? new TensorOptional() : new TensorOptional(t);
    }

    @Override
    public String name() {
        return node.name();
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
