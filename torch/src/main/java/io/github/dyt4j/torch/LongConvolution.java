package io.github.dyt4j.torch;

import java.util.List;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.StringViewOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * {@code y_t = Σ_{s≤t} k_{t−s}·u_s + d·u_t}, the causal convolution with a kernel as long as the sequence (Poli et al. 2023, "Hyena
 * Hierarchy", section 3), by the convolution theorem: y = F⁻¹(F(k)·F(u)) of u and k with zeros behind them up to 2L − 1 or more, where F is
 * libtorch's real FFT. O(L·log L) time forward and backward.
 *
 * <p>Memory is O(L): backward keeps u, k and d alone and computes the transforms of u and k again. With conjugate transforms,
 * du = F⁻¹(conj F(k)·F(dy)) + d·dy, dk = Σ_B F⁻¹(conj F(u)·F(dy)) and dd = Σ_{B,L} u·dy.
 */
public final class LongConvolution {
    private LongConvolution() {}

    /**
     * Of f32 or f64, what is narrower in f32; within the {@link Scope} of a step.
     *
     * @param u (B, D, L)
     * @param k (D, L), from lag 0 on
     * @param d (D)
     * @return (B, D, L), of u's dtype
     */
    public static Tensor apply(Tensor u, Tensor k, Tensor d) {
        requireShapes(u, k, d);
        ScalarType type = Memory.type(u) == ScalarType.Double ? ScalarType.Double : ScalarType.Float;
        // Transforms of what lies transposed take longer than its copy.
        Tensor uu = u.to(type).contiguous();
        Tensor kk = k.to(type);
        Tensor dd = d.to(type);
        Tensor y;
        try (var _ = new Scope();
                var _ = Grad.off()) {
            y = Scope.keep(forward(uu, kk, dd));
        }
        Scope.adopt(y);
        if (Grad.enabled() && (uu.requires_grad() || kk.requires_grad() || dd.requires_grad())) {
            List<Tensor> saved = List.of(uu.detach(), kk.detach(), dd.detach());
            y = Splice.joined(
                    List.of(uu, kk, dd), y, saved, dy -> gradients(saved.get(0), saved.get(1), saved.get(2), dy));
        }
        return y.to(u.scalar_type());
    }

    private static Tensor[] gradients(Tensor u, Tensor k, Tensor d, Tensor dy) {
        Tensor[] gradients;
        try (var _ = new Scope()) {
            gradients = backward(u, k, d, dy);
            for (Tensor g : gradients) {
                Scope.keep(g);
            }
        }
        for (Tensor g : gradients) {
            Scope.adopt(g);
        }
        return gradients;
    }

    private static Tensor forward(Tensor u, Tensor k, Tensor d) {
        long l = u.size(-1);
        long n = length(2 * l - 1);
        Tensor product = transform(u, n).mul_(transform(k, n)); // (B, D, n/2 + 1)
        return inverse(product, n).narrow(-1, 0, l).addcmul(u, d.unsqueeze(-1)); // (B, D, L)
    }

    private static Tensor[] backward(Tensor u, Tensor k, Tensor d, Tensor dy) {
        long l = u.size(-1);
        long n = length(2 * l - 1);
        Tensor g = transform(dy, n); // (B, D, n/2 + 1)
        // What is large is changed in place; the sum over the batch is not.
        Tensor sum = transform(u, n).conj_physical_().mul_(g).sum(0);
        Tensor dk = inverse(sum, n).narrow(-1, 0, l); // (D, L)
        Tensor du = inverse(g.mul_(transform(k, n).conj_physical_()), n)
                .narrow(-1, 0, l)
                .addcmul(dy, d.unsqueeze(-1));
        return new Tensor[] {du, dk, torch.mul(u, dy).sum(0, 2)};
    }

    /** F(x) of n values, zeros behind x: (…, L) → (…, n/2 + 1), complex. */
    private static Tensor transform(Tensor x, long n) {
        return torch.fft_rfft(x, new LongOptional(n), -1, new StringViewOptional());
    }

    private static Tensor inverse(Tensor x, long n) {
        return torch.fft_irfft(x, new LongOptional(n), -1, new StringViewOptional());
    }

    /** The next number from {@code least} on that is 2^k times 1, 3 or 5, at which transforms are fast. */
    static long length(long least) {
        long best = Long.MAX_VALUE;
        for (long odd : new long[] {1, 3, 5}) {
            long n = odd;
            while (n < least || n % 2 != 0) {
                n *= 2;
            }
            best = Math.min(best, n);
        }
        return best;
    }

    private static void requireShapes(Tensor u, Tensor k, Tensor d) {
        if (u.dim() != 3
                || k.dim() != 2
                || d.dim() != 1
                || k.size(0) != u.size(1)
                || k.size(1) != u.size(2)
                || d.size(0) != u.size(1)) {
            throw new IllegalArgumentException("a long convolution of u (B, D, L) needs k (D, L) and d (D)");
        }
    }
}
