package io.github.dyt4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.util.function.IntToDoubleFunction;

/** A tensor in native memory between two guard zones. */
final class Buffer {
    private static final int GUARD = 64;
    private static final float MARK = 12345.625f;

    final int size;
    private final Dtype dtype;
    private final long base;

    Buffer(Arena arena, Dtype dtype, int size) {
        this.size = size;
        this.dtype = dtype;
        this.base =
                arena.allocate((long) dtype.bytes() * (size + 2 * GUARD), 64).address();
        for (int i = 0; i < size + 2 * GUARD; i++) {
            Memory.store(dtype, base, i, mark());
        }
    }

    private float mark() {
        return dtype == Dtype.F32 ? MARK : Bf16.toFloat(Bf16.fromFloat(MARK));
    }

    Buffer fill(IntToDoubleFunction value) {
        for (int i = 0; i < size; i++) {
            Memory.store(dtype, address(), i, value.applyAsDouble(i));
        }
        return this;
    }

    long address() {
        return base + (long) GUARD * dtype.bytes();
    }

    float get(int i) {
        return Memory.load(dtype, address(), i);
    }

    float[] values() {
        float[] values = new float[size];
        for (int i = 0; i < size; i++) {
            values[i] = get(i);
        }
        return values;
    }

    /** Nothing was written before the beginning or behind the end. */
    void assertGuards(String what) {
        for (int i = 0; i < GUARD; i++) {
            assertThat(Memory.load(dtype, base, i)).as("%s: guard before", what).isEqualTo(mark());
            assertThat(Memory.load(dtype, base, GUARD + size + i))
                    .as("%s: guard behind", what)
                    .isEqualTo(mark());
        }
    }
}
