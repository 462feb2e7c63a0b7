package io.github.dyt4j.kernels;

/**
 * {@code y = x·Φ(x)}, Φ(x) = ½(1 + tanh u), u = √(2/π)·(x + 0.044715·x³) (Hendrycks and Gimpel 2016, section 2), and its gradient
 * {@code dx = dy·(Φ(x) + ½x·(1 − tanh² u)·u′)}, u′ = √(2/π)·(1 + 3·0.044715·x²).
 *
 * <p>Every finite x gives finite values. NaN stays NaN; of ∞ y is ∞, of −∞ it is NaN, of both dx is NaN: −∞·0 and ∞·0, as libtorch has them.
 */
public interface GeluKernel {
    void forward(GeluCall call, long x, long y);

    void backward(GeluCall call, long x, long dy, long dx);
}
