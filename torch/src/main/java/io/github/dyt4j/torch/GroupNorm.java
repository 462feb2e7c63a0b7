package io.github.dyt4j.torch;

import io.github.dyt4j.formats.UserError;
import java.util.Objects;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * {@code γ·(x − mean)/√(var + ε) + β} with statistics over the channels of a group and all places of one image (Wu and He 2018), by
 * libtorch's group_norm. In the state dict: {@code weight} and {@code bias} (C). 32 groups, ε = 1e-5.
 *
 * <p>Groups that do not divide the channels of a site are a UserError where the model is built.
 */
public final class GroupNorm implements Norm {
    private final Norms norms;
    private final Site site;
    private final String name;
    private final Layout layout;
    private final int groups;
    private final double eps;
    private final @Nullable Tensor weight;
    private final @Nullable Tensor bias;
    private boolean folded;

    GroupNorm(Norms norms, NormSpec spec, Site site, Parameters p, int dim, Layout layout, Affine affine) {
        this.norms = norms;
        this.site = site;
        this.name = p.name();
        this.layout = layout;
        this.eps = Double.parseDouble(Objects.requireNonNull(spec.get(NormOption.BATCH_EPS)));
        this.groups = Integer.parseInt(Objects.requireNonNull(spec.get(NormOption.GROUPS)));
        if (dim % groups != 0) {
            int below = IntStream.iterate(Math.min(groups, dim), g -> g - 1)
                    .filter(g -> dim % g == 0)
                    .findFirst()
                    .orElse(1);
            throw new UserError("norm '" + spec + "': the " + dim + " channels at " + name + " do not divide into "
                    + groups + " groups.\nTake groups=" + below + " or another width.");
        }
        this.weight = affine != Affine.NONE && spec.flag(NormOption.WEIGHT)
                ? p.parameter("weight", Tensors.full(1, dim))
                : null;
        this.bias =
                affine == Affine.FULL && spec.flag(NormOption.BIAS) ? p.parameter("bias", Tensors.full(0, dim)) : null;
    }

    @Override
    public Tensor forward(Tensor x) {
        norms.seen(this, x);
        return normalised(x, folded ? null : weight, folded ? null : bias);
    }

    private Tensor normalised(Tensor x, @Nullable Tensor g, @Nullable Tensor b) {
        boolean permuted = layout == Layout.LAST && x.dim() > 2;
        Tensor y = torch.group_norm(permuted ? Axes.channelsFirst(x) : x, groups, optional(g), optional(b), eps, false);
        return permuted ? Axes.channelsLast(y) : y;
    }

    @Override
    public Tensor squashed(Tensor x) {
        try (var _ = Grad.off()) {
            return normalised(x.to(ScalarType.Float), null, null);
        }
    }

    private static TensorOptional optional(@Nullable Tensor t) {
        return t == null ? new TensorOptional() : new TensorOptional(t);
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
