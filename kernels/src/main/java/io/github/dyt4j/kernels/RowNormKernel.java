package io.github.dyt4j.kernels;

/**
 * LayerNorm and RMSNorm and their gradients. All arguments but the call are native addresses, which nobody checks. With
 * x̂ = (x−μ)·rstd and g = dy·γ:
 *
 * <pre>
 * dx = rstd·(g − mean g − x̂·mean(g·x̂))   dγ = Σ dy·x̂   dβ = Σ dy
 * </pre>
 *
 * RMSNorm: μ = 0 and no {@code mean g}. y may be x and dx may be dy or x.
 */
public interface RowNormKernel {
    /** Writes y, and the f32 statistics of each row that backward wants: μ (address 0 for RMSNorm) and rstd. Either may be 0. */
    void forward(RowNormCall call, long x, long y, long mean, long rstd);

    /** Writes (does not add) dx in the call's dtype and dγ, dβ in f32. Address 0: that gradient is not wanted. */
    void backward(RowNormCall call, long x, long mean, long rstd, long dy, long dx, long dGamma, long dBeta);
}
