package io.github.dyt4j.kernels;

/**
 * One call of LayerNorm, y = γ·(x−μ)/√(σ²+ε)+β (Ba et al. 2016, eq. 4), or RMSNorm, y = γ·x/√(mean x²+ε)+β (Zhang and Sennrich 2019,
 * eq. 4), over the last axis of x: (rows, channels), contiguous. σ² is the biased variance.
 *
 * @param centered LayerNorm; else RMSNorm
 * @param dtype of x, y and their gradients; γ, β, their gradients, mean and rstd are f32 always
 * @param eps ε
 * @param gamma native address of γ, one value a channel; 0 = absent, γ = 1
 * @param beta address of β; 0 = absent, β = 0
 */
public record RowNormCall(boolean centered, Dtype dtype, long rows, int channels, double eps, long gamma, long beta) {
    public RowNormCall {
        if (rows < 0 || channels < 1) {
            throw new IllegalArgumentException(
                    "shape (rows " + rows + ", channels " + channels + ") is not a tensor's");
        }
    }
}
