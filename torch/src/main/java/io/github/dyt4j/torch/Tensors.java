package io.github.dyt4j.torch;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/** Tensors from Java's numbers and back, by copies. */
public final class Tensors {
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.nativeOrder());
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.nativeOrder());

    private Tensors() {}

    /** f32 of this shape from row-major values. */
    public static Tensor of(float[] values, long... shape) {
        Tensor t = empty(shape);
        require(t, values.length, shape);
        MemorySegment.copy(values, 0, Memory.segment(t), FLOAT, 0, values.length);
        return t;
    }

    /** i64 of this shape: indices and class labels. */
    public static Tensor of(long[] values, long... shape) {
        Tensor t = torch.empty(shape, new TensorOptions(ScalarType.Long), new MemoryFormatOptional());
        require(t, values.length, shape);
        MemorySegment.copy(values, 0, Memory.segment(t), LONG, 0, values.length);
        return t;
    }

    /** f32 of this shape, every value the same. */
    public static Tensor full(double value, long... shape) {
        Tensor t = empty(shape);
        t.fill_(new Scalar(value));
        return t;
    }

    /** f32 of this shape, not set. */
    public static Tensor empty(long... shape) {
        return torch.empty(shape);
    }

    /** Who sees whom where t tokens stand at the end of n: bool (t, n), true at (i, j) where j ≤ n − t + i. */
    public static Tensor causalMask(long t, long n) {
        return torch.ones(new long[] {t, n}, new TensorOptions(ScalarType.Bool)).tril(n - t);
    }

    /** The values as f32, row-major, whatever the dtype and strides. */
    public static float[] floats(Tensor t) {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            Tensor c = t.detach().to(ScalarType.Float).contiguous();
            float[] values = new float[Math.toIntExact(c.numel())];
            MemorySegment.copy(Memory.segment(c), FLOAT, 0, values, 0, values.length);
            return values;
        }
    }

    /** The values of an i64 tensor, row-major. */
    public static long[] longs(Tensor t) {
        try (var _ = new Scope()) {
            Tensor c = t.detach().to(ScalarType.Long).contiguous();
            long[] values = new long[Math.toIntExact(c.numel())];
            MemorySegment.copy(Memory.segment(c), LONG, 0, values, 0, values.length);
            return values;
        }
    }

    /** The shape as Java's numbers. */
    public static long[] shape(Tensor t) {
        long[] shape = new long[(int) t.dim()];
        Arrays.setAll(shape, t::size);
        return shape;
    }

    /** The standard deviation over the whole tensor, in f32 arithmetic. */
    public static double std(Tensor t) {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            return t.detach().to(ScalarType.Float).std(false).item_double();
        }
    }

    private static void require(Tensor t, int values, long[] shape) {
        if (t.numel() != values) {
            throw new IllegalArgumentException(values + " values do not fill the shape " + Arrays.toString(shape));
        }
    }
}
