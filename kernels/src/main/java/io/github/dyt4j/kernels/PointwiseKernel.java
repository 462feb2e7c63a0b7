package io.github.dyt4j.kernels;

/**
 * y = γ·f(αx+s)+β and its gradients. All arguments but the call are native addresses, which nobody checks. Backward recomputes
 * t = f(αx+s) from x:
 *
 * <pre>
 * dx = dy·γ·α·f′   dγ = Σ dy·t   dβ = Σ dy   dα = Σ dy·γ·f′·x   ds = Σ dy·γ·f′
 * </pre>
 *
 * y may be x and dx may be dy or x: each element is read before it is written.
 */
public interface PointwiseKernel {
    /** Writes y, of x's shape and dtype. */
    void forward(PointwiseCall call, long x, long y);

    /** Writes (does not add) dx in the call's dtype and the parameters' gradients in f32. Address 0: that gradient is not wanted. */
    void backward(PointwiseCall call, long x, long dy, long dx, long dAlpha, long dShift, long dGamma, long dBeta);

    /**
     * A residual stream and the norm behind it in one pass: writes sum = x + branch, rounded to the dtype, and y of that sum. sum may be x
     * or branch. Over the last axis only.
     */
    void addForward(PointwiseCall call, long x, long branch, long sum, long y);

    /**
     * The gradient of {@link #addForward}, the same for x and branch: dx = dSum + the norm's own dx, where dSum is what reaches sum past
     * the norm. dx may be dSum, dy or sum.
     * Address 0 of dSum: nothing reaches sum past the norm.
     */
    void addBackward(
            PointwiseCall call,
            long sum,
            long dy,
            long dSum,
            long dx,
            long dAlpha,
            long dShift,
            long dGamma,
            long dBeta);

    /**
     * Writes q = 128 + round(y/scale) within f32 rounding, one unsigned byte an element, cut off to [0, 255]; NaN becomes 0. Without γ and β, tanh needs
     * {@code scale = 1/127}, whatever the data. Over the last axis only.
     *
     * @param scale the step of q, positive
     */
    void quantize(PointwiseCall call, long x, long q, float scale);
}
