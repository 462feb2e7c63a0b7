package io.github.dyt4j.torch;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * {@code h_t = exp(Δ_t·A)·h_{t−1} + Δ_t·B_t·u_t}, {@code y_t = Σ_n C_t[n]·h_t[:, n] + D·u_t}, h_{−1} = 0: the selective scan (Gu and Dao
 * 2023, "Mamba", section 3; zero-order hold for A, Euler for B as in their code).
 */
public final class SelectiveScan {
    private SelectiveScan() {}

    /**
     * y (B, L, D), differentiable with respect to all six.
     *
     * @param u (B, L, D)
     * @param delta Δ (B, L, D), above 0
     * @param a A (D, N), below 0
     * @param b B (B, L, N), c likewise
     * @param d D (D)
     */
    public static Tensor apply(Tensor u, Tensor delta, Tensor a, Tensor b, Tensor c, Tensor d) {
        Tensor h = torch.zeros(u.size(0), u.size(2), a.size(1)).to(u.scalar_type()); // (B, D, N)
        Tensor x = delta.mul(u); // (B, L, D)
        TensorVector y = new TensorVector();
        for (long t = 0; t < u.size(1); t++) {
            Tensor decay = delta.select(1, t).unsqueeze(-1).mul(a).exp(); // (B, D, N)
            Tensor in = x.select(1, t).unsqueeze(-1).mul(b.select(1, t).unsqueeze(1)); // (B, D, N)
            h = decay.mul(h).add(in);
            y.push_back(torch.matmul(h, c.select(1, t).unsqueeze(-1)).squeeze(-1)); // (B, D)
        }
        return torch.stack(y, 1).add(d.mul(u)); // (B, L, D)
    }
}
