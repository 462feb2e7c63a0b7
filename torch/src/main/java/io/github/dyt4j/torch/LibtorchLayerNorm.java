package io.github.dyt4j.torch;

import org.bytedeco.javacpp.BoolPointer;
import org.bytedeco.javacpp.LongPointer;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.LongArrayRef;
import org.bytedeco.pytorch.T_TensorTensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * libtorch's own LayerNorm without autograd around it: {@code native_layer_norm} and {@code native_layer_norm_backward} on tensors that
 * stay, what a kernel of ours is timed against. Each call's output is new memory from libtorch's allocator: after
 * {@link TorchRuntime#start} that is memory which the call before gave back.
 */
public final class LibtorchLayerNorm implements AutoCloseable {
    private static final double EPS = 1e-6;

    private final Tensor x;
    private final Tensor dy;
    private final Tensor weight;
    private final Tensor bias;
    private final Tensor mean;
    private final Tensor rstd;
    // Made once: what is timed is libtorch, not the making of arguments.
    private final TensorOptional gamma;
    private final TensorOptional beta;
    private final LongPointer sizes;
    private final LongArrayRef normalized;
    private final BoolPointer all = new BoolPointer(3).put(0, true).put(1, true).put(2, true);

    /** Standard normal x and dy of (rows, width); γ = 1 and β = 0 in f32. */
    public LibtorchLayerNorm(long rows, int width, boolean bf16) {
        ScalarType type = bf16 ? ScalarType.BFloat16 : ScalarType.Float;
        try (var _ = new Scope();
                var _ = Grad.off()) {
            x = Scope.keep(torch.randn(rows, width).to(type));
            dy = Scope.keep(torch.randn(rows, width).to(type));
            weight = Scope.keep(Tensors.full(1, width));
            bias = Scope.keep(Tensors.full(0, width));
            gamma = Scope.keep(new TensorOptional(weight));
            beta = Scope.keep(new TensorOptional(bias));
            sizes = Scope.keep(new LongPointer(1).put(width));
            normalized = Scope.keep(new LongArrayRef(sizes, 1));
            var first = run();
            // The tuple's own would go with the tuple.
            mean = Scope.keep(new Tensor(first.get1()));
            rstd = Scope.keep(new Tensor(first.get2()));
        }
    }

    public void forward() {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            run();
        }
    }

    public void backward() {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            gradients(mean, rstd);
        }
    }

    /** Forward, then backward with that forward's statistics. */
    public void both() {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            var y = run();
            gradients(y.get1(), y.get2());
        }
    }

    private T_TensorTensorTensor_T run() {
        return torch.native_layer_norm(x, normalized, gamma, beta, EPS);
    }

    private void gradients(Tensor mu, Tensor r) {
        torch.native_layer_norm_backward(dy, x, normalized, mu, r, gamma, beta, all);
    }

    @Override
    public void close() {
        for (Tensor t : new Tensor[] {x, dy, weight, bias, mean, rstd}) {
            Scope.release(t);
        }
        for (Pointer p : new Pointer[] {normalized, sizes, beta, gamma}) {
            Scope.release(p);
        }
        all.close();
    }
}
