package io.github.dyt4j.formats;

import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The element types of the format that fill whole bytes, in the order in which the reference writer lays tensors out: widest first. */
enum SafetensorsDtype {
    U64(8),
    I64(8),
    F64(8),
    C64(8),
    F32(4),
    U32(4),
    I32(4),
    BF16(2),
    F16(2),
    U16(2),
    I16(2),
    F8_E5M2FNUZ(1),
    F8_E4M3FNUZ(1),
    F8_E8M0(1),
    F8_E4M3(1),
    F8_E5M2(1),
    I8(1),
    U8(1),
    BOOL(1);

    static final List<String> NAMES = Arrays.stream(values()).map(Enum::name).toList();

    final int bytes;

    SafetensorsDtype(int bytes) {
        this.bytes = bytes;
    }

    static @Nullable SafetensorsDtype named(String name) {
        int i = NAMES.indexOf(name);
        return i < 0 ? null : values()[i];
    }

    /**
     * Bytes of a tensor of this type and shape.
     *
     * @throws ArithmeticException when a dimension is negative, or when its elements or bytes cannot be counted in a long even with the
     *     empty dimensions left out: libraries multiply strides in that way
     */
    long bytes(long[] shape) {
        long elements = bytes;
        boolean empty = false;
        for (long dimension : shape) {
            if (dimension < 0) {
                throw new ArithmeticException("negative dimension " + dimension);
            }
            empty |= dimension == 0;
            elements = Math.multiplyExact(elements, Math.max(dimension, 1));
        }
        return empty ? 0 : elements;
    }
}
