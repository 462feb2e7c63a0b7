package io.github.dyt4j.models;

import static java.lang.ref.Reference.reachabilityFence;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.FusedAttention;
import io.github.dyt4j.torch.Parameters;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/**
 * Multi-head self-attention: proj(concat over heads of softmax(q·kᵀ/√d)·v), d = E / heads (Vaswani et al. 2017, section 3.2; ViT's
 * appendix A). One layer makes q, k and v, in this order, as in timm.
 */
public final class Attention {
    private final int numHeads;
    private final int headDim;
    private final Linear qkv;
    private final Linear proj;

    public Attention(Parameters p, int dim, int numHeads) {
        this(new Linear(p.child("qkv"), dim, 3 * dim), new Linear(p.child("proj"), dim, dim), dim, numHeads);
    }

    /** Of layers with another start: qkv (E to 3·E) and proj (E to E). */
    Attention(Linear qkv, Linear proj, int dim, int numHeads) {
        this.numHeads = numHeads;
        headDim = dim / numHeads;
        this.qkv = qkv;
        this.proj = proj;
    }

    /** Heads of equal width alone can be cut out of a vector. The names are those of the arguments. */
    static void requireEqualHeads(String dimName, int dim, String headsName, int heads) {
        if (dim % heads != 0) {
            throw new UserError(dimName + " " + dim + " does not divide into " + headsName + " " + heads
                    + " heads of equal width: take " + dimName + " " + heads * Math.ceilDiv(dim, heads) + ".");
        }
    }

    public Tensor forward(Tensor x) { // (B, N, E)
        long b = x.size(0);
        long n = x.size(1);
        // Cut along the last axis: the backward of this is one concatenation, that of three slices would be three
        // zero-filled copies.
        TensorVector parts = qkv.forward(x).chunk(3, -1); // 3 × (B, N, E)
        Tensor y; // (B, H, N, d)
        try {
            y = FusedAttention.of(heads(parts.get(0), b, n), heads(parts.get(1), b, n), heads(parts.get(2), b, n));
        } finally {
            reachabilityFence(parts); // its elements are references into it
        }
        return proj.forward(y.transpose(1, 2).reshape(b, n, (long) numHeads * headDim)); // (B, N, E)
    }

    private Tensor heads(Tensor x, long b, long n) { // (B, N, E)
        return x.view(b, n, numHeads, headDim).transpose(1, 2); // (B, H, N, d)
    }

    /** The layer that reads the input. */
    Linear qkv() {
        return qkv;
    }
}
