package io.github.dyt4j.torch;

import io.github.dyt4j.kernels.Dtype;
import java.lang.foreign.MemorySegment;
import java.lang.ref.Reference;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/** Where a tensor's values lie, for kernels and files. */
final class Memory {
    private Memory() {}

    /** The address of a contiguous tensor's first value; 0 for null. The caller keeps the tensor alive while it is used. */
    static long address(@Nullable Tensor t) {
        if (t == null) {
            return 0;
        }
        try (Pointer p = t.data_ptr()) {
            return p == null ? 0 : p.address(); // an empty tensor has none
        }
    }

    /** Keeps tensors that only their addresses were taken of from being collected before this call. */
    @SuppressWarnings("ReachabilityFenceUsage") // where the kernel throws, nothing reads them any more
    static void keepAlive(@Nullable Tensor... tensors) {
        for (Tensor t : tensors) {
            Reference.reachabilityFence(t);
        }
    }

    /** A contiguous tensor's values, without a copy, valid while the tensor lives. */
    static MemorySegment segment(Tensor t) {
        return MemorySegment.ofAddress(address(t)).reinterpret(t.nbytes());
    }

    /** The dtype; libtorch hands out enums that are equal to Java's constants only once interned. */
    static ScalarType type(Tensor t) {
        return t.scalar_type().intern();
    }

    /** The kernels' name of the tensor's dtype, or null where they have no form for it. */
    static @Nullable Dtype dtype(Tensor t) {
        ScalarType type = type(t);
        return type == ScalarType.Float ? Dtype.F32 : type == ScalarType.BFloat16 ? Dtype.BF16 : null;
    }

    /** The parameter as contiguous f32, itself where it already is. */
    static @Nullable Tensor f32(@Nullable Tensor parameter) {
        if (parameter == null || (type(parameter) == ScalarType.Float && parameter.is_contiguous())) {
            return parameter;
        }
        return parameter.detach().to(ScalarType.Float).contiguous();
    }

    /** Adds to the parameter's gradient outside the graph, as autograd would at a leaf. */
    static void addGradient(Tensor parameter, Tensor gradient) {
        Tensor g = type(gradient) == type(parameter) ? gradient : gradient.to(parameter.scalar_type());
        Tensor sum = parameter.mutable_grad();
        if (sum.defined()) {
            sum.add_(g);
        } else {
            sum.put(g);
        }
    }
}
