package io.github.dyt4j.models;

import io.github.dyt4j.torch.Parameters;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * BiMamba (Schiff et al. 2024, section 3.1): mamba_fwd(h) + flip(mamba_rev(flip(h))), flipped along the sequence, where both share in_proj
 * and out_proj and the sum is over the directions.
 *
 * <p>With (x, z) = in_proj(h) a direction is out_proj(s(x)·silu(z)), s what {@link MambaDirection} does. in_proj, silu and out_proj look at one
 * place alone, so that flips pass through them, and out_proj is linear: the sum is out_proj((s_fwd(x) + flip(s_rev(flip(x))))·silu(z)). Half
 * of the products and gates are never computed, and x alone is flipped.
 */
final class BidirectionalMamba {
    private final Linear inProj;
    private final MambaDirection forward;
    private final MambaDirection reverse;
    private final Linear outProj;

    /**
     * @param layers of the whole model: out_proj starts 1/√layers as wide as a Linear of PyTorch does (Radford et al. 2019, section 2.3)
     */
    BidirectionalMamba(Parameters p, int width, int expand, int state, int kernel, int layers) {
        int inner = expand * width;
        int rank = Math.ceilDiv(width, 16);
        Parameters shared = p.child("mamba_fwd");
        inProj = new Linear(
                shared.child("in_proj").parameter("weight", Init.uniform(1 / Math.sqrt(width), 2L * inner, width)),
                null);
        forward = new MambaDirection(shared, inner, rank, state, kernel);
        outProj = new Linear(
                shared.child("out_proj")
                        .parameter("weight", Init.uniform(1 / Math.sqrt((double) inner * layers), width, inner)),
                null);
        reverse = new MambaDirection(p.child("mamba_rev"), inner, rank, state, kernel);
    }

    Tensor forward(Tensor h) { // (B, L, E)
        TensorVector xz = inProj.forward(h).chunk(2, -1); // 2 × (B, L, I)
        Tensor x = xz.get(0);
        Tensor y = forward.forward(x).add(reverse.forward(x.flip(1)).flip(1)); // (B, L, I)
        return outProj.forward(y.mul(torch.silu(xz.get(1)))); // (B, L, E)
    }

    /** What reads the norm before. */
    Linear reader() {
        return inProj;
    }
}
