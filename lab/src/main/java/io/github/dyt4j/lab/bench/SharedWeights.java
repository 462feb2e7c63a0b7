package io.github.dyt4j.lab.bench;

import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * One set of weights for all models of a bench, whatever their norms: a tensor is made when a model first asks for it, and the next model
 * that asks for the same name and shape gets the same tensor. So five models of the width of a LLaMA 7B take the memory of one, and the
 * gradients of all add up in one place.
 *
 * <p>Values do not change the time: matrices are N(0, 0.02²), repeating themselves after a few rows; γ, α and every other parameter of one
 * dimension is 1.
 */
final class SharedWeights implements AutoCloseable {
    /** Values that are drawn; the rest of a matrix repeats them. A prime, so that no column sees one value alone. */
    private static final int DRAWN = 65537;

    private final Dtype dtype;
    private final Map<String, Tensor> tensors = new HashMap<>();

    SharedWeights(Dtype dtype) {
        this.dtype = dtype;
    }

    /** Parameters for one more model on these weights. */
    Parameters root() {
        return Parameters.root(this::tensor);
    }

    /** The tensor of this name and shape, which these weights own; it requires a gradient. */
    Tensor tensor(String name, long... shape) {
        return tensors.computeIfAbsent(name + Arrays.toString(shape), _ -> made(shape));
    }

    private Tensor made(long[] shape) {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            Tensor t = shape.length < 2 ? Tensors.full(1, shape).to(type(dtype)) : matrix(shape);
            t.set_requires_grad(true);
            return Scope.keep(t);
        }
    }

    private Tensor matrix(long[] shape) {
        long n = Arrays.stream(shape).reduce(1, Math::multiplyExact);
        Tensor some = Tensors.empty(Math.min(n, DRAWN))
                .normal_(0, 0.02, new GeneratorOptional())
                .to(type(dtype));
        return some.repeat(Math.ceilDiv(n, DRAWN)).narrow(0, 0, n).view(shape);
    }

    static ScalarType type(Dtype dtype) {
        return dtype == Dtype.F32 ? ScalarType.Float : ScalarType.BFloat16;
    }

    /** Drops the gradients, which are as large as the weights. */
    void zeroGrad() {
        for (Tensor t : tensors.values()) {
            try (var _ = new Scope()) {
                t.mutable_grad().reset();
            }
        }
    }

    @Override
    public void close() {
        zeroGrad();
        tensors.values().forEach(Scope::release);
        tensors.clear();
    }
}
