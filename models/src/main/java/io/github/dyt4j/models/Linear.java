package io.github.dyt4j.models;

import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Norm;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** y = x·Wᵀ + b over the last axis, W (out, in). Starts as in timm's ViT: W ~ N(0, 0.02²), b = 0. */
public final class Linear {
    private record Folded(Tensor weight, Tensor bias) {}

    private final Tensor weight;
    private final Tensor bias;
    private @Nullable Folded folded;

    public Linear(Parameters p, int in, int out) {
        weight = p.parameter("weight", Init.normal(0.02, out, in));
        bias = p.parameter("bias", Init.zeros(out));
    }

    public Tensor forward(Tensor x) { // (…, in)
        Folded f = folded;
        return f == null ? torch.linear(x, weight, bias) : torch.linear(x, f.weight, f.bias); // (…, out)
    }

    /**
     * Computes with {@code W·diag(γ)} and {@code b + W·β} from now on: of n(x) what it gave of γ·n(x) + β. Both are computed in f64,
     * then rounded to the dtype of W and b, which stay as they are.
     */
    void fold(Norm norm) {
        if (folded != null) {
            throw new IllegalStateException("the layer after " + norm.name() + " already holds the γ and β of a norm");
        }
        try (var _ = new Scope();
                var _ = Grad.off()) {
            Tensor gamma = norm.weight(); // (in)
            Tensor beta = norm.bias(); // (in)
            Tensor w = weight.to(ScalarType.Double); // (out, in)
            Tensor b = bias.to(ScalarType.Double); // (out)
            b = beta == null ? b : b.add(w.mv(beta.to(ScalarType.Double)));
            w = gamma == null ? w : w.mul(gamma.to(ScalarType.Double));
            // Copies even where nothing changed, lest they be the model's own.
            folded = new Folded(
                    Scope.keep(w.to(weight.scalar_type()).clone()),
                    Scope.keep(b.to(bias.scalar_type()).clone()));
        }
    }

    /** Computes with W and b again. */
    void unfold() {
        if (folded != null) {
            Scope.release(folded.weight);
            Scope.release(folded.bias);
            folded = null;
        }
    }

    static long parameterCount(long in, long out) {
        return out * in + out;
    }
}
