package io.github.dyt4j.models;

import static java.lang.ref.Reference.reachabilityFence;

import io.github.dyt4j.torch.FusedAttention;
import io.github.dyt4j.torch.Layout;
import io.github.dyt4j.torch.Norm;
import io.github.dyt4j.torch.Norms;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Site;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * A block of wav2vec 2.0's Transformer. Pre-norm: x + attention(norm(x)), then + mlp(norm(·)). Post-norm: norm(x + attention(x)), then
 * norm(· + mlp(·)) (Vaswani et al. 2017, section 3.1). Hugging Face's names: {@code layer_norm} is attention's, {@code final_layer_norm} the MLP's.
 */
final class Wav2Vec2Block {
    /** Where the norms of a block stand. */
    enum NormOrder {
        PRE,
        POST
    }

    /** softmax(q·kᵀ/√d)·v by heads. */
    private static final class Attention {
        private final Parameters p;
        private final int heads;
        private final double dropout;
        private final Linear q;
        private final Linear k;
        private final Linear v;
        private final Linear out;

        Attention(Parameters p, Wav2Vec2.Config c) {
            this.p = p;
            heads = c.numAttentionHeads();
            dropout = c.dropouts().attention();
            int dim = c.hiddenSize();
            k = new Linear(p.child("k_proj"), dim, dim);
            v = new Linear(p.child("v_proj"), dim, dim);
            q = new Linear(p.child("q_proj"), dim, dim);
            out = new Linear(p.child("out_proj"), dim, dim);
        }

        Tensor forward(Tensor x, TensorOptional seen) { // (B, F, E)
            // One wide product is the faster in training; what is folded reads its layers one by one.
            Tensor y = p.training()
                    ? attend(Linear.joined(x, readers()).chunk(3, -1), seen)
                    : attend(new TensorVector(q.forward(x), k.forward(x), v.forward(x)), seen);
            return out.forward(y.transpose(1, 2).flatten(2, 3)); // (B, F, E)
        }

        private Tensor attend(TensorVector qkv, TensorOptional seen) {
            try {
                return FusedAttention.of(
                        heads(qkv.get(0)),
                        heads(qkv.get(1)),
                        heads(qkv.get(2)),
                        seen,
                        p.training() ? dropout : 0,
                        false); // (B, H, F, d)
            } finally {
                reachabilityFence(qkv); // its elements are references into it
            }
        }

        private Tensor heads(Tensor x) { // (B, F, E)
            return x.unflatten(-1, new long[] {heads, x.size(-1) / heads}).transpose(1, 2); // (B, H, F, d)
        }

        List<Linear> readers() {
            return List.of(q, k, v);
        }
    }

    private final Parameters p;
    private final NormOrder order;
    private final Dropouts dropouts;
    private final Attention attention;
    private final Norm norm;
    private final Linear intermediate;
    private final Linear output;
    private final Norm finalNorm;

    Wav2Vec2Block(Parameters p, Norms norms, Wav2Vec2.Config c) {
        this.p = p;
        order = c.normOrder();
        dropouts = c.dropouts();
        attention = new Attention(p.child("attention"), c);
        norm = norms.at(Site.ATTENTION, p.child("layer_norm"), c.hiddenSize(), Layout.LAST, true);
        Parameters mlp = p.child("feed_forward");
        intermediate = new Linear(mlp.child("intermediate_dense"), c.hiddenSize(), c.intermediateSize());
        output = new Linear(mlp.child("output_dense"), c.intermediateSize(), c.hiddenSize());
        finalNorm = norms.at(Site.MLP, p.child("final_layer_norm"), c.hiddenSize(), Layout.LAST, true);
    }

    /** @param seen (B, 1, 1, F) bool, false at padding; or none */
    Tensor forward(Tensor x, TensorOptional seen) { // (B, F, E)
        return switch (order) {
            case PRE -> {
                x = x.add(hidden(attention.forward(norm.forward(x), seen)));
                yield x.add(mlp(finalNorm.forward(x)));
            }
            case POST -> {
                x = norm.forward(x.add(hidden(attention.forward(x, seen))));
                yield finalNorm.forward(x.add(mlp(x)));
            }
        };
    }

    private Tensor mlp(Tensor x) {
        Tensor h = torch.gelu(intermediate.forward(x)); // (B, F, I)
        return hidden(output.forward(dropouts.activation(h, p)));
    }

    private Tensor hidden(Tensor x) {
        return dropouts.hidden(x, p);
    }

    /** Linear layers alone read a norm that comes before them; one that comes after them is read by the residual sum too. */
    Stream<Fold> folds() {
        return order == NormOrder.PRE
                ? Stream.of(new Fold(norm, attention.readers()), new Fold(finalNorm, intermediate))
                : Stream.of();
    }
}
