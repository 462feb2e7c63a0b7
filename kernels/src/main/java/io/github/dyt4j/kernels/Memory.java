package io.github.dyt4j.kernels;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Native memory by address. Nothing is checked: an address out of a tensor is as dangerous here as in C. */
final class Memory {
    /**
     * All of memory as one constant segment. Vector loads through it compile to plain moves; one segment a tensor was measured two to four
     * times slower.
     */
    static final MemorySegment ALL = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

    private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
    private static final ValueLayout.OfShort SHORT = ValueLayout.JAVA_SHORT_UNALIGNED;

    private Memory() {}

    static float f32(long address, long index) {
        return ALL.get(FLOAT, address + 4 * index);
    }

    static void f32(long address, long index, double value) {
        ALL.set(FLOAT, address + 4 * index, (float) value);
    }

    static long i64(long address, long index) {
        return ALL.get(LONG, address + 8 * index);
    }

    /** The value at {@code address}, or {@code absent} where the address is 0. */
    static float f32Or(long address, long index, float absent) {
        return address == 0 ? absent : f32(address, index);
    }

    static float load(Dtype dtype, long address, long index) {
        return switch (dtype) {
            case F32 -> f32(address, index);
            case BF16 -> Bf16.toFloat(ALL.get(SHORT, address + 2 * index));
        };
    }

    static void store(Dtype dtype, long address, long index, double value) {
        switch (dtype) {
            case F32 -> f32(address, index, value);
            case BF16 -> ALL.set(SHORT, address + 2 * index, Bf16.fromFloat((float) value));
        }
    }

    /** 128 + the nearest integer, ties to even, cut off to a byte; NaN gives 0. */
    static int quantized(double steps) {
        return Double.isNaN(steps) ? 0 : (int) Math.min(255, Math.max(0, 128 + Math.rint(steps)));
    }

    static void u8(long address, long index, int value) {
        ALL.set(ValueLayout.JAVA_BYTE, address + index, (byte) value);
    }

    static int u8(long address, long index) {
        return ALL.get(ValueLayout.JAVA_BYTE, address + index) & 0xff;
    }

    /** Writes f32 values; nothing to 0. */
    static void write(long address, double... values) {
        for (int i = 0; i < values.length && address != 0; i++) {
            f32(address, i, values[i]);
        }
    }
}
