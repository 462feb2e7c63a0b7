package io.github.dyt4j.kernels;

/**
 * y = x·Wᵀ + b of few rows x, in bf16 with sums in f32: what a decoder multiplies by for each token. Each weight is used once or a few times, so
 * the time is that of reading W from memory.
 */
public interface FewRowsKernel {
    /**
     * @param x (rows, in), row-major
     * @param w W (out, in), row-major, at any address
     * @param bias b (out), or 0 for none
     * @param y (rows, out); a row of it does not depend on how many rows there are, to the bit
     */
    void forward(FewRowsCall call, long x, long w, long bias, long y);
}
