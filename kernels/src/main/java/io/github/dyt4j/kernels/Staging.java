package io.github.dyt4j.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * Brings rows before a loop that knows only f32 and whole vectors. Rows that are so already stay where they are; others (bf16, or a
 * width that is no multiple of the vector's) go in chunks through copies that fit the first-level cache, padded with zeros. So no loop
 * reads or writes beyond a tensor.
 *
 * @param width elements of a row
 */
record Staging(Dtype dtype, int width) {
    private static final int CHUNK_ELEMENTS = 4096;

    /** What is done with some rows of a block, {@link #padded} f32 elements each. An address that was 0 still is. */
    interface Loop {
        void run(int block, long firstRow, int rows, long x, long dy, long out);
    }

    /** The width rounded up to whole vectors. */
    int padded() {
        return up(width);
    }

    static int up(int width) {
        return Math.ceilDiv(width, Lanes.COUNT) * Lanes.COUNT;
    }

    /** All rows of all blocks, on all threads: reads x and dy, writes out; dy and out may be 0. */
    void run(Cut cut, long x, long dy, long out, Loop loop) {
        long stride = (long) dtype.bytes() * width;
        if (dtype == Dtype.F32 && width == padded()) {
            RowPool.run(cut.blocks(), b -> {
                long at = cut.first(b) * stride;
                loop.run(b, cut.first(b), cut.rows(b), shift(x, at), shift(dy, at), shift(out, at));
            });
            return;
        }
        int most = Math.max(1, CHUNK_ELEMENTS / padded());
        long bytes = 4L * most * padded();
        RowPool.run(cut.blocks(), b -> {
            try (Arena arena = Arena.ofConfined()) {
                long xs = zeros(arena, bytes);
                long dys = dy == 0 ? 0 : zeros(arena, bytes);
                long outs = out == 0 ? 0 : zeros(arena, bytes);
                for (int done = 0; done < cut.rows(b); done += most) {
                    int rows = Math.min(most, cut.rows(b) - done);
                    long first = cut.first(b) + done;
                    copyIn(shift(x, first * stride), xs, rows);
                    copyIn(shift(dy, first * stride), dys, rows);
                    loop.run(b, first, rows, xs, dys, outs);
                    copyOut(outs, shift(out, first * stride), rows);
                }
            }
        });
    }

    private void copyIn(long from, long to, int rows) {
        for (int row = 0; row < rows && from != 0; row++) {
            long source = from + (long) row * dtype.bytes() * width;
            long target = to + 4L * row * padded();
            if (dtype == Dtype.F32) {
                copy(source, target, 4L * width);
            } else {
                widen(source, target, width);
            }
        }
    }

    private void copyOut(long from, long to, int rows) {
        for (int row = 0; row < rows && to != 0; row++) {
            long source = from + 4L * row * padded();
            long target = to + (long) row * dtype.bytes() * width;
            if (dtype == Dtype.F32) {
                copy(source, target, 4L * width);
            } else {
                narrow(source, target, width);
            }
        }
    }

    private static void widen(long from, long to, int n) {
        int i = 0;
        for (; i <= n - Lanes.COUNT; i += Lanes.COUNT) {
            Lanes.storeF32(Lanes.loadBf16(from + 2L * i), to + 4L * i);
        }
        for (; i < n; i++) {
            Memory.f32(to, i, Memory.load(Dtype.BF16, from, i));
        }
    }

    private static void narrow(long from, long to, int n) {
        int i = 0;
        for (; i <= n - Lanes.COUNT; i += Lanes.COUNT) {
            Lanes.storeBf16(Lanes.loadF32(from + 4L * i), to + 2L * i);
        }
        for (; i < n; i++) {
            Memory.store(Dtype.BF16, to, i, Memory.f32(from, i));
        }
    }

    /** A parameter of {@code width} f32 values for a loop of padded rows: itself, or a copy with zeros behind; 0 of 0. */
    long parameter(Arena arena, long address) {
        if (address == 0 || width == padded()) {
            return address;
        }
        long to = zeros(arena, 4L * padded());
        copy(address, to, 4L * width);
        return to;
    }

    /** Zeros that live as long as the arena, aligned to a cache line. */
    static long zeros(Arena arena, long bytes) {
        return arena.allocate(Math.max(bytes, 64), 64).address();
    }

    static void copy(long from, long to, long bytes) {
        MemorySegment.copy(Memory.ALL, from, Memory.ALL, to, bytes);
    }

    private static long shift(long address, long bytes) {
        return address == 0 ? 0 : address + bytes;
    }
}
