package io.github.dyt4j.kernels;

/**
 * AdamW (Loshchilov and Hutter 2019) as torch.optim.AdamW computes it, in one pass over f32 memory: {@code m ← β1·m + (1 − β1)·g},
 * {@code v ← β2·v + (1 − β2)·g²}, {@code p ← p·(1 − η·λ) − η/(1 − β1ᵗ) · m / (√v/√(1 − β2ᵗ) + ε)}.
 */
public interface AdamWKernel {
    /** Writes p, m and v; g stays, whatever it is scaled by. */
    void step(AdamWCall call, long p, long g, long m, long v);

    /** Σ x² over {@code count} f32 values. */
    double squares(long count, long x);
}
