package io.github.dyt4j.kernels;

/**
 * The middle of attention's backward, between its matrix products: p = softmax(scale·s) over the keys that a query sees, dS = scale·p ∘ (dP − D),
 * both 0 at the keys that it does not see (Dao et al. 2022, appendix B.2; D = rowsum(dO ∘ O) = rowsum(p ∘ dP)).
 */
public interface ScoreKernel {
    /**
     * @param scores s (matrices·rows, columns) f32; it is used as scratch and holds nothing afterwards
     * @param dP (matrices·rows, columns) f32
     * @param d D, f32, one a row
     * @param p of the call's dtype, shaped as the scores; in f32 it may be the scores' own memory
     * @param dS of the call's dtype, shaped as the scores; in f32 it may be dP's own memory
     */
    void backward(ScoreCall call, long scores, long dP, long d, long p, long dS);
}
