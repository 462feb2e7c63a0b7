package io.github.dyt4j.torch;

import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;

/**
 * Gradient checkpointing (Chen et al. 2016, "Training deep nets with sublinear memory cost"): of f(x) only x is kept, and backward computes
 * f once more to have what its own backward needs. Memory falls from all that f keeps to one input a call, for one more forward pass.
 *
 * <p>f must give the same again: nothing in it may draw random numbers.
 */
public final class Recomputed {
    private Recomputed() {}

    /** f(x), inside the scope of the step; without a graph to record it is f(x) as it is. */
    public static Tensor of(Tensor x, UnaryOperator<Tensor> f) {
        if (!Grad.enabled()) {
            return f.apply(x);
        }
        boolean bf16 = torch.is_autocast_enabled(DeviceType.CPU);
        Tensor y;
        try (var _ = new Scope();
                var _ = Grad.off()) {
            y = Scope.keep(f.apply(x));
        }
        return Splice.node(x, Scope.adopt(y), x.detach(), dy -> backward(x.detach(), f, dy, bf16));
    }

    private static Tensor backward(Tensor x, UnaryOperator<Tensor> f, Tensor dy, boolean bf16) {
        Tensor dx;
        try (var _ = new Scope();
                var _ = Grad.on()) {
            x.set_requires_grad(true);
            again(x, f, bf16).backward(dy, new BoolOptional(), false, new TensorArrayRefOptional());
            dx = Scope.keep(x.grad());
        }
        return Scope.adopt(dx);
    }

    private static Tensor again(Tensor x, UnaryOperator<Tensor> f, boolean bf16) {
        try (var _ = Autocast.bf16(bf16)) {
            return f.apply(x);
        }
    }
}
