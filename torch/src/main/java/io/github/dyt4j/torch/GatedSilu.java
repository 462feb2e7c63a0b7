package io.github.dyt4j.torch;

import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.kernels.Kernels;
import io.github.dyt4j.kernels.SwiGluCall;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** silu(g)·u of g and u side by side, (…, 2·n) → (…, n) (Shazeer 2020, equation 6): one pass over memory forward and one backward, in f32. */
public final class GatedSilu {
    private GatedSilu() {}

    /** Of f32 or bf16, within the {@link Scope} of a step; other dtypes, which have no kernel, by libtorch's operations. */
    public static Tensor of(Tensor input) { // (…, 2·n)
        Dtype dtype = Memory.dtype(input);
        int width = Math.toIntExact(input.size(-1) / 2);
        if (dtype == null) {
            return torch.silu(input.narrow(-1, 0, width)).mul(input.narrow(-1, width, width));
        }
        Tensor x = input.contiguous();
        SwiGluCall call = new SwiGluCall(dtype, x.numel() / (2L * width), width);
        Tensor y;
        try (var _ = Grad.off()) {
            y = torch.empty_like(x.narrow(-1, 0, width)); // (…, n)
            long gate = Memory.address(x);
            long up = gate + (long) width * dtype.bytes();
            Kernels.swiGlu().forward(call, gate, up, 2L * width, Memory.address(y));
            Memory.keepAlive(x);
        }
        if (!Grad.enabled() || !x.requires_grad()) {
            return y;
        }
        Tensor saved = x.detach();
        return Splice.narrowed(x, y, List.of(saved), dy -> {
            Tensor dx = torch.empty_like(saved);
            Tensor d = dy.to(saved.scalar_type());
            Kernels.swiGlu().backward(call, Memory.address(saved), Memory.address(d), Memory.address(dx));
            Memory.keepAlive(saved, d);
            return dx;
        });
    }

    /** The same of g and u apart, (…, n) each, without a graph: to the bit what {@link #of(Tensor)} computes. */
    public static Tensor of(Tensor gate, Tensor up) {
        Dtype dtype = Memory.dtype(gate);
        if (dtype == null || Memory.dtype(up) != dtype) {
            return torch.silu(gate).mul(up);
        }
        Tensor g = gate.contiguous();
        Tensor u = up.contiguous();
        Tensor y = torch.empty_like(g);
        int width = Math.toIntExact(g.size(-1));
        SwiGluCall call = new SwiGluCall(dtype, g.numel() / width, width);
        Kernels.swiGlu().forward(call, Memory.address(g), Memory.address(u), width, Memory.address(y));
        Memory.keepAlive(g, u);
        return y;
    }
}
