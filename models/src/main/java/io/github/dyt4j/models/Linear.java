package io.github.dyt4j.models;

import io.github.dyt4j.torch.Autocast;
import io.github.dyt4j.torch.FewRows;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Norm;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import java.util.List;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** y = x·Wᵀ + b over the last axis, W (out, in), b (out) or none. Starts as in timm's ViT and Hugging Face's LLaMA: W ~ N(0, 0.02²), b = 0. */
public final class Linear {
    /** W (out, in) and b (out) or none. */
    record Weights(Tensor weight, @Nullable Tensor bias) {}

    private final Reparametrised weights;
    private @Nullable Weights folded;

    public Linear(Parameters p, int in, int out) {
        this(p, in, out, true);
    }

    public Linear(Parameters p, int in, int out, boolean hasBias) {
        this(p.parameter("weight", Init.normal(0.02, out, in)), hasBias ? p.parameter("bias", Init.zeros(out)) : null);
    }

    /** The same with PyTorch's start of a Linear: W and b ~ U(−1/√in, 1/√in). */
    static Linear uniform(Parameters p, int in, int out) {
        double bound = 1 / Math.sqrt(in);
        return new Linear(
                p.parameter("weight", Init.uniform(bound, out, in)), p.parameter("bias", Init.uniform(bound, out)));
    }

    /** Started as W ~ U(±√(6/(in + out))), b = 0 (Glorot and Bengio 2010, eq. 16). */
    static Linear xavier(Parameters p, int in, int out) {
        return new Linear(p.parameter("weight", Init.xavier(in, out, out, in)), p.parameter("bias", Init.zeros(out)));
    }

    /** Started at W = 0, b = 0. It draws what {@link #xavier} does, so that what is built after it starts the same beside either. */
    static Linear zero(Parameters p, int in, int out) {
        return new Linear(
                p.parameter("weight", Init.zeroed(Init.xavier(in, out, out, in))),
                p.parameter("bias", Init.zeros(out)));
    }

    /** On tensors that something else holds too, as a language model's head its embedding. */
    Linear(Tensor weight, @Nullable Tensor bias) {
        this(fixed(weight, bias));
    }

    /** On what a {@link Method} makes of W and b. */
    Linear(Reparametrised weights) {
        this.weights = weights;
    }

    /** The parameters themselves. */
    static Reparametrised fixed(Tensor weight, @Nullable Tensor bias) {
        Weights own = new Weights(weight, bias);
        return () -> own;
    }

    public Tensor forward(Tensor x) { // (…, in)
        Weights w = folded == null ? weights.weights() : folded;
        return product(x, w.weight, w.bias); // (…, out)
    }

    /** The outputs of several layers side by side, as one product on their joined weights: for training, where a wide product is the faster. */
    static Tensor joined(Tensor x, List<Linear> layers) { // (…, in)
        List<Weights> parts = layers.stream().map(l -> l.weights.weights()).toList();
        TensorVector weights = new TensorVector(
                parts.stream().map(w -> Autocast.cast(w.weight)).toArray(Tensor[]::new));
        List<Tensor> biases =
                parts.stream().map(w -> w.bias).filter(Objects::nonNull).toList();
        Tensor bias = biases.isEmpty() ? null : torch.cat(new TensorVector(biases.toArray(Tensor[]::new)), 0);
        return product(x, torch.cat(weights, 0), bias); // (…, Σ out)
    }

    private static Tensor product(Tensor x, Tensor w, @Nullable Tensor b) {
        if (FewRows.takes(x, w, b)) {
            return FewRows.linear(x, w, b);
        }
        return b == null ? torch.linear(x, w) : torch.linear(x, w, b);
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
            Weights own = weights.weights();
            Tensor weight = own.weight;
            Tensor bias = own.bias;
            Tensor gamma = norm.weight(); // (in)
            Tensor beta = norm.bias(); // (in)
            Tensor w = weight.to(ScalarType.Double); // (out, in)
            Tensor b = bias == null ? null : bias.to(ScalarType.Double); // (out)
            if (beta != null) {
                Tensor moved = w.mv(beta.to(ScalarType.Double));
                b = b == null ? moved : b.add(moved);
            }
            w = gamma == null ? w : w.mul(gamma.to(ScalarType.Double));
            // Copies even where nothing changed, lest they be the model's own.
            folded = new Weights(
                    Scope.keep(w.to(weight.scalar_type()).clone()),
                    b == null ? null : Scope.keep(b.to(weight.scalar_type()).clone()));
        }
    }

    /** Computes with W and b again. */
    void unfold() {
        if (folded != null) {
            Scope.release(folded.weight);
            if (folded.bias != null) {
                Scope.release(folded.bias);
            }
            folded = null;
        }
    }
}
