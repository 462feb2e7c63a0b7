package io.github.dyt4j.kernels;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Brings rows before a loop that knows only f32 and whole vectors. Rows that are so already stay where they are; others (bf16, or a
 * width that is no multiple of the vector's) go in chunks through copies that fit the first-level cache, padded with zeros. So no loop
 * reads or writes beyond a tensor.
 *
 * @param width elements of a row
 */
record Staging(Dtype dtype, int width) {
    /** Of each copy, 8 KiB: backward has three, with a residual four. */
    private static final int CHUNK_ELEMENTS = 2048;

    /** What is done with some rows of a block, {@link #padded} f32 elements each. An address that was 0 still is. */
    interface Loop {
        void run(int block, long firstRow, int rows, long[] in, long[] out);
    }

    /** The width rounded up to whole vectors. */
    int padded() {
        return up(width);
    }

    static int up(int width) {
        return Math.ceilDiv(width, Lanes.COUNT) * Lanes.COUNT;
    }

    /** All rows of all blocks, on all threads: reads the tensors at {@code in}, writes those at {@code out}; any may be 0. */
    void run(Cut cut, long[] in, long[] out, Loop loop) {
        run(cut, in, out, dtype.bytes(), 4, loop);
    }

    /** The same where {@code out} is a tensor of bytes, and the loop writes bytes. */
    void runToBytes(Cut cut, long in, long out, Loop loop) {
        run(cut, new long[] {in}, new long[] {out}, 1, 1, loop);
    }

    private void run(Cut cut, long[] in, long[] out, int outBytes, int loopBytes, Loop loop) {
        if (dtype == Dtype.F32 && width == padded()) {
            RowPool.run(
                    cut.blocks(),
                    b -> loop.run(
                            b,
                            cut.first(b),
                            cut.rows(b),
                            shifted(in, cut.first(b) * dtype.bytes() * width),
                            shifted(out, cut.first(b) * outBytes * width)));
            return;
        }
        int most = Math.max(1, CHUNK_ELEMENTS / padded());
        RowPool.run(cut.blocks(), b -> {
            try (Arena arena = Arena.ofConfined()) {
                long[] ins = copies(arena, in, 4L * most * padded());
                long[] outs = copies(arena, out, (long) loopBytes * most * padded());
                for (int done = 0; done < cut.rows(b); done += most) {
                    int rows = Math.min(most, cut.rows(b) - done);
                    long first = cut.first(b) + done;
                    for (int i = 0; i < in.length; i++) {
                        copyIn(shift(in[i], first * dtype.bytes() * width), ins[i], rows);
                    }
                    loop.run(b, first, rows, ins, outs);
                    for (int i = 0; i < out.length; i++) {
                        copyOut(outs[i], shift(out[i], first * outBytes * width), rows, outBytes, loopBytes);
                    }
                }
            }
        });
    }

    private static long[] copies(Arena arena, long[] of, long bytes) {
        return Arrays.stream(of).map(a -> a == 0 ? 0 : zeros(arena, bytes)).toArray();
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

    private void copyOut(long from, long to, int rows, int outBytes, int loopBytes) {
        for (int row = 0; row < rows && to != 0; row++) {
            long source = from + (long) loopBytes * row * padded();
            long target = to + (long) row * outBytes * width;
            if (outBytes == loopBytes) {
                copy(source, target, (long) outBytes * width);
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
        return parameter(arena, address, 1);
    }

    /** The same several times behind each other. */
    long parameter(Arena arena, long address, int times) {
        if (address == 0 || (width == padded() && times == 1)) {
            return address;
        }
        long to = zeros(arena, 4L * padded() * times);
        for (int i = 0; i < times; i++) {
            copy(address, to + 4L * padded() * i, 4L * width);
        }
        return to;
    }

    /** Zeros that live as long as the arena, aligned to a cache line. */
    static long zeros(Arena arena, long bytes) {
        return arena.allocate(Math.max(bytes, 64), 64).address();
    }

    static void copy(long from, long to, long bytes) {
        MemorySegment.copy(Memory.ALL, from, Memory.ALL, to, bytes);
    }

    private static long[] shifted(long[] addresses, long bytes) {
        long[] moved = new long[addresses.length];
        for (int i = 0; i < moved.length; i++) {
            moved[i] = shift(addresses[i], bytes);
        }
        return moved;
    }

    private static long shift(long address, long bytes) {
        return address == 0 ? 0 : address + bytes;
    }
}
