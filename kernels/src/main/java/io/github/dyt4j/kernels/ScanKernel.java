package io.github.dyt4j.kernels;

/**
 * {@code h_t = exp(Δ_t·A)·h_{t−1} + Δ_t·B_t·u_t}, {@code y_t = Σ_n C_t[n]·h_t[n] + D·u_t}, each channel for itself, h_{−1} = 0: the selective
 * scan (Gu and Dao 2023, "Mamba", section 3; zero-order hold for A, Euler for B as in their code).
 *
 * <p>Backward, with dh_t = C_t·dy_t + exp(Δ_{t+1}·A)·dh_{t+1} and p_t = dh_t·exp(Δ_t·A)·h_{t−1}:
 * {@code du = Δ·Σ_n dh·B + D·dy}, {@code dΔ = u·Σ_n dh·B + Σ_n p·A}, {@code dA = Σ_t p·Δ}, {@code dB = Σ_d dh·Δ·u}, {@code dC = Σ_d dy·h},
 * {@code dD = Σ_t dy·u}. Time is O(L·D·N), memory that of {@link ScanCall}.
 */
public interface ScanKernel {
    /**
     * Addresses of f32.
     *
     * @param u (B, L, D); delta Δ likewise, at least 0
     * @param a A (D, N), at most 0
     * @param b B (B, L, N); c C likewise
     * @param d D (D)
     */
    record Inputs(long u, long delta, long a, long b, long c, long d) {}

    /** Where the gradients go, each shaped as its input; 0 where it is not wanted. */
    record Gradients(long u, long delta, long a, long b, long c, long d) {}

    /**
     * @param y (B, L, D)
     * @param kept {@link ScanCall#kept} values for backward; 0 where there is none
     */
    void forward(ScanCall call, Inputs in, long y, long kept);

    /**
     * @param kept as forward left it
     * @param scratch {@link ScanCall#scratch} values
     */
    void backward(ScanCall call, Inputs in, long kept, long dy, Gradients out, long scratch);
}
