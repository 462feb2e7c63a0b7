package io.github.dyt4j.torch;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** One norm slot of a model, filled. */
public sealed interface Norm permits PointwiseNorm, RowNorm, BatchNorm, GroupNorm, IdentityNorm {
    /** The normalised x, of x's shape and dtype. */
    Tensor forward(Tensor x);

    /** The normalised x before γ and β, without a graph: what the paper's figures 2 and 4 plot. */
    Tensor squashed(Tensor x);

    /** The dotted name of the slot in the model, as {@code blocks.0.norm1}. */
    String name();

    Site site();

    /** α as it is now: one value, or one a channel; null for a norm that has none. */
    float @Nullable [] alpha();

    /** γ (C), the model's own tensor; null for a norm that has none. */
    @Nullable
    Tensor weight();

    /** β (C), the model's own tensor; null for a norm that has none. */
    @Nullable
    Tensor bias();

    /**
     * Leaves γ and β out of {@link #forward}, because the layers that read this norm now hold them, or takes them back in. Folded, forward
     * is for evaluation alone: where a graph is recorded, or calibration asked for, it is an IllegalStateException.
     */
    void fold(boolean on);

    boolean folded();
}
