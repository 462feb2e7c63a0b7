package io.github.dyt4j.models;

import io.github.dyt4j.torch.Initial;
import io.github.dyt4j.torch.Parameters;
import java.util.List;
import java.util.Locale;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Fixup (Zhang, Dauphin and Ma 2019, "Fixup Initialization: Residual Learning Without Normalization", the three rules of section 3), for
 * Transformers with what T-Fixup says of attention (Huang et al. 2020, "Improving Transformer Optimization Through Better Initialization").
 * With L residual branches of m layers each:
 *
 * <ol>
 *   <li>The classifier and the last layer of each branch (attention's proj, the MLP's fc2) start at 0.
 *   <li>Every other layer starts in a standard way, and inside a branch scaled by L^(−1/(2m − 2)). Here m = 2 in both kinds of branch. In
 *       attention value and proj count, and q and k, which only say where the softmax looks, neither count nor are scaled, as in T-Fixup; so
 *       value and fc1 are scaled by L^(−1/2). The standard way is T-Fixup's, Xavier: here N(0, 2/(in + out)), q, k and v each a layer of its
 *       own. What is outside the branches (patch embedding, position embedding) starts as beside norms.
 *   <li>A scalar multiplier a branch, from 1 ({@code scale}), and a scalar bias, from 0, before each linear layer and each activation:
 *       {@code bias1a} before the first layer of a branch and layers outside them, {@code bias1b} before GELU, {@code bias2a} before the last
 *       layer. The names are those of the authors' ResNet, which has none before its first convolution; nor has the patch embedding here.
 * </ol>
 *
 * Layers keep their biases by channel. Xavier's numbers are those that N(0, 0.02²) would have drawn, in another size, and zeros draw them
 * too, so that what is outside the branches starts as in a model with norms of the same seed.
 */
final class Fixup implements Layers {
    private static final double DRAWN = 0.02;

    private final int branches;

    /** @param branches L */
    Fixup(int branches) {
        this.branches = branches;
    }

    @Override
    public Linear qkv(Parameters p, int dim) {
        double standard = xavier(dim, dim);
        Initial drawn = Init.normal(DRAWN, 3L * dim, dim);
        Tensor weight = p.parameter("weight", new Initial(drawn.shape(), () -> {
            Tensor w = drawn.draw().get().mul_(new Scalar(standard / DRAWN));
            w.narrow(0, 2L * dim, dim).mul_(new Scalar(scale()));
            return w;
        }));
        return biased(p, weight, 3 * dim, "bias1a", null);
    }

    @Override
    public Linear hidden(Parameters p, int in, int out) {
        double std = xavier(in, out) * scale();
        Initial drawn = Init.normal(DRAWN, out, in);
        Tensor weight = p.parameter(
                "weight", new Initial(drawn.shape(), () -> drawn.draw().get().mul_(new Scalar(std / DRAWN))));
        return biased(p, weight, out, "bias1a", "bias1b");
    }

    /** Outside the branches: it starts as beside norms. */
    @Override
    public Linear linear(Parameters p, int in, int out) {
        return biased(p, p.parameter("weight", Init.normal(DRAWN, out, in)), out, "bias1a", null);
    }

    @Override
    public Linear last(Parameters p, int in, int out) {
        return zero(p, in, out, "bias2a");
    }

    @Override
    public Linear head(Parameters p, int in, int out) {
        return zero(p, in, out, "bias1a");
    }

    @Override
    public Residual residual(Parameters p) {
        return Residual.scaled(p, "scale", 1);
    }

    private static Linear zero(Parameters p, int in, int out, String before) {
        return biased(p, p.parameter("weight", Init.zeroed(Init.normal(DRAWN, out, in))), out, before, null);
    }

    /** (x + s)·Wᵀ + b + t = x·Wᵀ + (b + s·W·1 + t): a pass over W instead of one over all tokens. */
    private static Linear biased(Parameters p, Tensor weight, int out, String before, @Nullable String after) {
        Tensor bias = p.parameter("bias", Init.zeros(out));
        Tensor s = p.parameter(before, Init.zeros(1));
        Tensor t = after == null ? null : p.parameter(after, Init.zeros(1));
        return new Linear(() -> {
            Tensor b = torch.addcmul(bias, s, weight.sum(1)); // (out)
            return new Linear.Weights(weight, t == null ? b : b.add(t));
        });
    }

    private static double xavier(int in, int out) {
        return Math.sqrt(2.0 / (in + out));
    }

    /** L^(−1/(2m − 2)), m = 2. */
    private double scale() {
        return 1 / Math.sqrt(branches);
    }

    @Override
    public boolean starts(String weight) {
        return weight.matches("(decoder_)?blocks\\..*|(head|decoder_pred)\\..*");
    }

    @Override
    public List<String> notes() {
        return List.of(
                "no norm",
                "the head and the last layer of each residual branch start at 0",
                String.format(
                        Locale.ROOT,
                        "the other layers of the branches start as N(0, 2/(in + out)), value and fc1 times L^(-1/2) = %.3f of L = %d branches",
                        scale(),
                        branches),
                "each branch has a scalar multiplier from 1, and each of its layers, each GELU and the head a scalar bias before it from 0");
    }
}
