package io.github.dyt4j.kernels;

/**
 * One call of y = γ·f(αx+s)+β (Zhu et al. 2025, section 4, with f = tanh and s = 0).
 *
 * <p>x is contiguous and viewed as (outer, channels, inner): over the last axis inner = 1; channels-first NCHW has outer = N and
 * inner = H·W. γ and β have one value a channel.
 *
 * @param squash f
 * @param dtype of x, y and their gradients; parameters and their gradients are f32 always
 * @param accuracy of f; the oracle is exact in every grade
 * @param alpha native address of α: one value, or one a channel; 0 = absent, α = 1
 * @param alphaPerChannel whether α, and dα with it, has one value a channel
 * @param shift address of s, one value; 0 = absent, s = 0
 * @param gamma address of γ; 0 = absent, γ = 1
 * @param beta address of β; 0 = absent, β = 0
 */
public record PointwiseCall(
        Squash squash,
        Dtype dtype,
        Accuracy accuracy,
        long outer,
        int channels,
        long inner,
        long alpha,
        boolean alphaPerChannel,
        long shift,
        long gamma,
        long beta) {
    public PointwiseCall {
        if (outer < 0 || channels < 1 || inner < 1) {
            throw new IllegalArgumentException(
                    "shape (outer " + outer + ", channels " + channels + ", inner " + inner + ") is not a tensor's");
        }
        if (alphaPerChannel && alpha == 0) {
            throw new IllegalArgumentException("alpha per channel needs the address of alpha");
        }
    }

    /** Elements of x. */
    public long size() {
        return outer * channels * inner;
    }
}
