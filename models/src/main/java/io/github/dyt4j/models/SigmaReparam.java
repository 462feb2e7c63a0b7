package io.github.dyt4j.models;

import io.github.dyt4j.torch.Autocast;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Initial;
import io.github.dyt4j.torch.Parameters;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * σReparam (Zhai et al. 2023, "Stabilizing Transformer Training by Preventing Attention Entropy Collapse", section 3): every linear layer, the
 * patch embedding and the head among them, computes with Ŵ = (γ/σ(W))·W, γ a learned scalar from 1 and σ(W) the largest singular value.
 * No norm. W starts as beside norms, N(0, 0.02²), which the authors' code takes too; that code starts γ at σ(W), so that Ŵ = W, and the
 * paper at 1, as here. One matrix makes q, k and v, and has one γ, as in that code.
 *
 * <p>σ = uᵀ·W·v with u ← W·v/‖W·v‖, v ← Wᵀ·u/‖Wᵀ·u‖, one such step before each forward pass in training (Miyato et al. 2018, algorithm 1);
 * u (out) and v (in) are buffers. They start with {@value #FIRST_STEPS} steps from a v of equal entries, and evaluation takes them as
 * they are. The gradient flows through the W in σ, with u and v as constants, as in torch's spectral_norm.
 */
final class SigmaReparam implements Layers {
    private static final int FIRST_STEPS = 15;
    private static final double LEAST = 1e-12;

    @Override
    public Linear linear(Parameters p, int in, int out) {
        Tensor weight = p.parameter("weight", Init.normal(0.02, out, in));
        return new Linear(of(p, weight, p.parameter("bias", Init.zeros(out))));
    }

    @Override
    public PatchEmbed patchEmbed(Parameters p, int patchSize, int inChans, int embedDim) {
        return new PatchEmbed(p, patchSize, inChans, embedDim, SigmaReparam::of);
    }

    /** Of any W whose first axis are the outputs. */
    static Reparametrised of(Parameters p, Tensor weight, @Nullable Tensor bias) {
        Tensor gamma = p.parameter("gamma", Init.full(1, 1));
        long out = weight.size(0);
        long in = weight.numel() / out;
        Tensor v = p.buffer("v", new Initial(new long[] {in}, () -> first(weight.flatten(1, -1), in)));
        Tensor u = p.buffer("u", new Initial(new long[] {out}, () -> left(weight.flatten(1, -1), v)));
        return () -> {
            Tensor w = weight.flatten(1, -1); // (out, in)
            if (p.training()) {
                step(w, u, v);
            }
            // Weight and σ as f32 in f32's arithmetic, under autocast too.
            try (var _ = Autocast.bf16(false)) {
                return new Linear.Weights(w.mul(gamma.div(sigma(w, u, v))), bias);
            }
        };
    }

    private static Tensor first(Tensor w, long in) {
        Tensor v = Init.full(1 / Math.sqrt(in), in).draw().get();
        for (int i = 0; i < FIRST_STEPS; i++) {
            v = right(w, left(w, v));
        }
        return v;
    }

    private static void step(Tensor w, Tensor u, Tensor v) {
        try (var _ = Grad.off()) {
            u.copy_(left(w, v));
            v.copy_(right(w, u));
        }
    }

    private static Tensor sigma(Tensor w, Tensor u, Tensor v) {
        Tensor left;
        Tensor right;
        try (var _ = Grad.off()) {
            // New tensors, since the graph keeps them and the next pass may write u and v before backward. And of norm
            // 1 even where u and v are
            // averages over steps (EMA), which would make σ too small.
            left = unit(u);
            right = unit(v);
        }
        return left.dot(w.mv(right)); // ()
    }

    private static Tensor left(Tensor w, Tensor v) {
        return unit(w.mv(v)); // (out)
    }

    private static Tensor right(Tensor w, Tensor u) {
        return unit(w.t().mv(u)); // (in)
    }

    private static Tensor unit(Tensor x) {
        return x.div(x.norm().clamp_min(new Scalar(LEAST)));
    }

    /** Of W only the direction counts, and u and v are already its own. */
    @Override
    public boolean starts(String weight) {
        return true;
    }

    @Override
    public List<String> notes() {
        return List.of(
                "no norm",
                "every linear layer and the patch embedding computes with (γ/σ(W))·W in W's place, γ a scalar from 1 and σ(W) the spectral norm by one step of power iteration a forward pass");
    }
}
