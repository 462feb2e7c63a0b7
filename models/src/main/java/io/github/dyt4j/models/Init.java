package io.github.dyt4j.models;

import io.github.dyt4j.torch.Initial;
import io.github.dyt4j.torch.Tensors;
import org.bytedeco.pytorch.GeneratorOptional;

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

    /** U(±√(6/(in + out))) (Glorot and Bengio 2010, eq. 16). */
    static Initial xavier(long in, long out, long... shape) {
        return uniform(Math.sqrt(6.0 / (in + out)), shape);
    }

    /** Zeros that take as much from the generator as this. */
    static Initial zeroed(Initial drawn) {
        return new Initial(drawn.shape(), () -> drawn.draw().get().zero_());
    }

    static Initial zeros(long... shape) {
        return new Initial(shape, () -> Tensors.full(0, shape));
    }
}
