package io.github.dyt4j.models;

import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Initial;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** Initial values, drawn from libtorch's generator in the order in which a model is built. */
final class Init {
    private Init() {}

    /**
     * N(0, std²). timm's {@code trunc_normal_(std=.02)} cuts at ±2, which is 100 standard deviations: it is this distribution.
     */
    static Initial normal(double std, long... shape) {
        return new Initial(shape, () -> Tensors.empty(shape).normal_(0, std, new GeneratorOptional()));
    }

    /** U(−bound, bound), with bound = 1/√fan_in what PyTorch gives a convolution's weight and bias. */
    static Initial uniform(double bound, long... shape) {
        return new Initial(shape, () -> Tensors.empty(shape).uniform_(-bound, bound, new GeneratorOptional()));
    }

    /** U(from, to). */
    static Initial range(double from, double to, long... shape) {
        return new Initial(shape, () -> Tensors.empty(shape).uniform_(from, to, new GeneratorOptional()));
    }

    /** U(±√(6/(in + out))) (Glorot and Bengio 2010, eq. 16). */
    static Initial xavier(long in, long out, long... shape) {
        return uniform(Math.sqrt(6.0 / (in + out)), shape);
    }

    /** Zeros that take as much from the generator as this. */
    static Initial zeroed(Initial drawn) {
        return new Initial(drawn.shape(), () -> drawn.draw().get().zero_());
    }

    /**
     * Draws every weight of two axes and more anew, as a matrix (out, in) from U(−b, b), b = √(6/(in + out)) (Glorot and Bengio 2010, eq.
     * 16). What is not to be trained, as a loaded model's, stays; so do tokens, norms, and what a {@link Method} starts in its own way.
     */
    static void xavierUniform(Parameters p, Layers layers) {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            p.trainable().forEach((name, t) -> {
                if (name.endsWith(".weight") && t.dim() > 1 && t.requires_grad()) {
                    double bound = Math.sqrt(6.0 / (t.size(0) + t.numel() / t.size(0)));
                    // What starts otherwise takes as much from the generator.
                    Tensor drawn = layers.starts(name) ? torch.empty_like(t) : t;
                    drawn.uniform_(-bound, bound, new GeneratorOptional());
                }
            });
        }
    }

    static Initial zeros(long... shape) {
        return full(0, shape);
    }

    static Initial full(double value, long... shape) {
        return new Initial(shape, () -> Tensors.full(value, shape));
    }
}
