package io.github.dyt4j.kernels;

/**
 * {@code y = silu(g)·u}, silu(g) = g·σ(g) (Shazeer 2020, equation 6), and its gradients {@code du = dy·silu(g)},
 * {@code dg = dy·u·σ(g)·(1 + g·(1 − σ(g)))}.
 */
public interface SwiGluKernel {
    /**
     * @param gate g, its rows {@code stride} values apart; up, u, likewise
     * @param y (rows, width)
     */
    void forward(SwiGluCall call, long gate, long up, long stride, long y);

    /**
     * @param gateUp g and u of each row, (rows, 2·width)
     * @param dy (rows, width)
     * @param dGateUp dg and du of each row, (rows, 2·width)
     */
    void backward(SwiGluCall call, long gateUp, long dy, long dGateUp);
}
