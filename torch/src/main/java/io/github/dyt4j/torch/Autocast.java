package io.github.dyt4j.torch;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.DeviceType;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * bf16 autocast on the CPU, for the length of a try block: matrix products, convolutions and attention run in bf16, parameters and their
 * gradients stay f32. The fused norms compute in f32 whatever comes in.
 */
public final class Autocast implements AutoCloseable {
    private final boolean before;

    private Autocast(boolean on) {
        before = torch.is_autocast_enabled(DeviceType.CPU);
        if (on) {
            torch.set_autocast_dtype(DeviceType.CPU, ScalarType.BFloat16);
            // The cache of cast parameters would be stale after an optimizer step, and its clearing is not mapped to
            // Java.
            torch.set_autocast_cache_enabled(false);
        }
        torch.set_autocast_enabled(DeviceType.CPU, on);
    }

    public static Autocast bf16(boolean on) {
        return new Autocast(on);
    }

    /** What a product takes of this parameter: cast where autocast is on, so that what is joined is already half as wide. */
    public static Tensor cast(Tensor parameter) {
        boolean narrow = torch.is_autocast_enabled(DeviceType.CPU) && parameter.scalar_type() == ScalarType.Float;
        return narrow ? parameter.to(ScalarType.BFloat16) : parameter;
    }

    @Override
    public void close() {
        torch.set_autocast_enabled(DeviceType.CPU, before);
    }
}
