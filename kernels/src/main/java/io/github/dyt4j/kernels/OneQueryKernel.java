package io.github.dyt4j.kernels;

/**
 * y = softmax(q·Kᵀ·scale)·V of one token's heads over all keys and values of a cache (Vaswani et al. 2017, equation 1; heads share keys as in
 * Ainslie et al. 2023), in bf16 with arithmetic in f32: attention of a decoder's next token, whose time is that of reading K and V.
 */
public interface OneQueryKernel {
    /**
     * @param q (heads, d)
     * @param k (kvHeads, seen, d), heads the call's stride apart
     * @param v shaped as k
     * @param y (heads, d)
     */
    void forward(OneQueryCall call, long q, long k, long v, long y);
}
