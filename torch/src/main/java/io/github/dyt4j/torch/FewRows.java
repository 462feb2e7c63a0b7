package io.github.dyt4j.torch;

import io.github.dyt4j.kernels.FewRowsCall;
import io.github.dyt4j.kernels.Kernels;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * y = x·Wᵀ + b of few rows in bf16 on a CPU, as a decoder's next token has, by this project's own kernel: libtorch's reads W more slowly
 * than memory gives it. Sums are f32, in another order than libtorch's, and rounded once, where it rounds the product before it adds b: values
 * agree within bf16's rounding. A row's values do not depend on the rows beside it, to the bit.
 */
public final class FewRows {
    /**
     * The most rows that {@link #takes} says yes to: where libtorch has the machine's matrix instructions, its product of two rows takes no
     * longer than that of one, and this takes nearly twice as long.
     */
    static final long MOST = 1;

    private FewRows() {}

    /**
     * Whether {@link #linear} does this product: no graph is recorded, x (…, in) has {@value #MOST} row, and all is contiguous bf16 on
     * the CPU.
     */
    public static boolean takes(Tensor x, Tensor w, @Nullable Tensor b) {
        return Kernels.hasVectors()
                && !Grad.enabled()
                && rows(x) >= 1
                && rows(x) <= MOST
                && plain(w)
                && plain(x)
                && (b == null || plain(b));
    }

    /**
     * Of any number of rows.
     *
     * @param x (…, in), as w and b contiguous bf16 on the CPU
     * @param w (out, in)
     * @param b (out) or null
     */
    public static Tensor linear(Tensor x, Tensor w, @Nullable Tensor b) { // (…, in)
        long[] shape = Tensors.shape(x);
        int in = Math.toIntExact(w.size(1));
        int out = Math.toIntExact(w.size(0));
        if (shape[shape.length - 1] != in) {
            throw new IllegalArgumentException(
                    "a linear layer of " + in + " inputs was given " + shape[shape.length - 1]);
        }
        shape[shape.length - 1] = out;
        Tensor y = torch.empty(shape, new TensorOptions(ScalarType.BFloat16), new MemoryFormatOptional());
        Kernels.fewRows()
                .forward(
                        new FewRowsCall((int) rows(x), out, in),
                        Memory.address(x),
                        Memory.address(w),
                        Memory.address(b),
                        Memory.address(y));
        Memory.keepAlive(x, w, b, y);
        return y; // (…, out)
    }

    private static long rows(Tensor x) {
        long width = x.dim() == 0 ? 0 : x.size(-1);
        return width == 0 ? 0 : x.numel() / width;
    }

    private static boolean plain(Tensor t) {
        return Memory.type(t) == ScalarType.BFloat16 && t.is_cpu() && t.is_contiguous();
    }
}
