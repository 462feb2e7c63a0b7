package io.github.dyt4j.torch;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** One norm slot of a model, filled. */
public sealed interface Norm permits PointwiseNorm, RowNorm, IdentityNorm {
    /** The normalised x, of x's shape and dtype. */
    Tensor forward(Tensor x);

    /** The normalised x before γ and β, without a graph: what the paper's figures 2 and 4 plot. */
    Tensor squashed(Tensor x);

    /** The dotted name of the slot in the model, as {@code blocks.0.norm1}. */
    String name();

    Site site();

    /** α as it is now: one value, or one a channel; null for a norm that has none. */
    float @Nullable [] alpha();
}
