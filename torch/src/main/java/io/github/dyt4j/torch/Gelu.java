package io.github.dyt4j.torch;

import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.kernels.GeluCall;
import io.github.dyt4j.kernels.Kernels;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * {@code ½x·(1 + tanh(√(2/π)·(x + 0.044715·x³)))} (Hendrycks and Gimpel 2016, section 2), of any shape: one pass over memory forward and one
 * backward, which reads x and dy alone, in f32. What lies in memory in another order of its axes, as channels last, stays in it. The exact GELU, with
 * erf, is libtorch's: a kernel of our own was no faster.
 */
public final class Gelu {
    private Gelu() {}

    /**
     * Of f32 or bf16, within the {@link Scope} of a step where it is differentiated, which it can be once; other dtypes, which have no kernel, by
     * libtorch's operation.
     */
    public static Tensor tanh(Tensor x) {
        Dtype dtype = Memory.dtype(x);
        if (dtype == null) {
            return torch.gelu(x, "tanh");
        }
        if (x.is_contiguous() || !x.is_non_overlapping_and_dense()) {
            return fused(x.contiguous(), dtype);
        }
        // With its axes sorted as they lie, it is contiguous, and so is its gradient where that lies likewise.
        long[] order = IntStream.range(0, Math.toIntExact(x.dim()))
                .boxed()
                .sorted(Comparator.comparingLong(axis -> -x.stride(axis)))
                .mapToLong(axis -> axis)
                .toArray();
        long[] back = new long[order.length];
        for (int i = 0; i < order.length; i++) {
            back[(int) order[i]] = i;
        }
        return fused(x.permute(order).contiguous(), dtype).permute(back);
    }

    private static Tensor fused(Tensor x, Dtype dtype) {
        GeluCall call = new GeluCall(dtype, x.numel());
        Tensor y;
        try (var _ = Grad.off()) {
            y = torch.empty_like(x);
            Kernels.gelu().forward(call, Memory.address(x), Memory.address(y));
            Memory.keepAlive(x);
        }
        if (!Grad.enabled() || !x.requires_grad()) {
            return y;
        }
        Tensor saved = x.detach();
        return Splice.node(x, y, saved, upstream -> {
            Tensor dy = Memory.dtype(upstream) == dtype ? upstream : upstream.to(saved.scalar_type());
            Tensor dx = torch.empty_like(saved);
            Kernels.gelu().backward(call, Memory.address(saved), Memory.address(dy), Memory.address(dx));
            Memory.keepAlive(saved, dy);
            return dx;
        });
    }
}
