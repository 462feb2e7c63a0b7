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

    /** A residual stream and the norm behind it: writes sum = x + branch, rounded to the dtype, and y of that sum. sum may be x or branch. */
    void addForward(RowNormCall call, long x, long branch, long sum, long y, long mean, long rstd);

    /** The gradient of {@link #addForward}, the same for x and branch: dx = dSum + the norm's own dx. dx may be dSum, dy or sum. Address 0 of dSum: nothing reaches sum past the norm. */
    void addBackward(
            RowNormCall call, long sum, long mean, long rstd, long dy, long dSum, long dx, long dGamma, long dBeta);

    /**
     * Dynamic quantisation of y by rows: scale = max|y|/127 and q = 128 + round(y/scale), one unsigned byte an element. A row of zeros has
     * scale 0 and q = 128; a row with NaN or infinite y has scale NaN and q = 0.
     *
     * @param scales one f32 a row is written
     */
    void quantize(RowNormCall call, long x, long q, long scales);
}
