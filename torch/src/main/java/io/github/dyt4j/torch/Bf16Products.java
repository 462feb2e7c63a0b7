package io.github.dyt4j.torch;

import org.bytedeco.pytorch.Context;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.Float32Backend;
import org.bytedeco.pytorch.global.torch.Float32Op;
import org.bytedeco.pytorch.global.torch.Float32Precision;

/**
 * For the length of a try block, factors of f32 matrix products are rounded to bf16 and their products summed in f32. Where the factors are bf16
 * values widened, nothing is lost, the result is not rounded to bf16, and on processors with bf16 products it is there in half the time.
 */
final class Bf16Products implements AutoCloseable {
    private static final Context CONTEXT = torch.globalContext();

    private final Float32Precision before;

    private Bf16Products(boolean on) {
        before = CONTEXT.float32Precision(Float32Backend.MKLDNN, Float32Op.MATMUL);
        if (on) {
            set(Float32Precision.BF16);
        }
    }

    static Bf16Products on(boolean on) {
        return new Bf16Products(on);
    }

    private static void set(Float32Precision precision) {
        CONTEXT.setFloat32Precision(Float32Backend.MKLDNN, Float32Op.MATMUL, precision);
    }

    @Override
    public void close() {
        set(before);
    }
}
