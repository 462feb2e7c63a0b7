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
}
