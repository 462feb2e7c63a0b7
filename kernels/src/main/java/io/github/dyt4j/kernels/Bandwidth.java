package io.github.dyt4j.kernels;

import java.lang.foreign.MemorySegment;

/**
 * a = b and a = b + s·c over native memory, on the threads of the norm kernels: what memory alone allows, against which they are measured.
 * The second is the triad of STREAM (McCalpin 1995). Addresses are not checked.
 */
public final class Bandwidth {
    private static final long LINE = 64;

    private Bandwidth() {}

    /** Copies bytes between ranges that do not overlap. */
    public static void copy(long from, long to, long bytes) {
        Cut cut = lines(bytes);
        RowPool.run(cut.blocks(), block -> {
            long first = LINE * cut.first(block);
            long some = Math.min(LINE * cut.rows(block), bytes - first);
            if (Kernels.hasVectors()) {
                Wide.copy(from + first, to + first, some);
            } else {
                bytes(from + first, to + first, some);
            }
        });
    }

    /** a = b + s·c of n f32 values each. */
    public static void triad(long a, long b, long c, long n, float s) {
        Cut cut = lines(4 * n);
        RowPool.run(cut.blocks(), block -> {
            long first = LINE * cut.first(block);
            long some = Math.min(LINE * cut.rows(block), 4 * n - first) / 4;
            if (Kernels.hasVectors()) {
                Wide.triad(a + first, b + first, c + first, some, s);
            } else {
                tail(a + first, b + first, c + first, 0, some, s);
            }
        });
    }

    /** Blocks of whole cache lines, lest two threads' accesses straddle them. */
    private static Cut lines(long bytes) {
        return Cut.of(Math.ceilDiv(bytes, LINE), LINE / 4, 1);
    }

    private static void bytes(long from, long to, long n) {
        MemorySegment.copy(Memory.ALL, from, Memory.ALL, to, n);
    }

    private static void tail(long a, long b, long c, long first, long n, float s) {
        for (long i = first; i < n; i++) {
            Memory.f32(a, i, Math.fma(s, Memory.f32(c, i), Memory.f32(b, i)));
        }
    }

    /** A class of its own, so that the rest loads without the vector module. */
    private static final class Wide {
        static void copy(long from, long to, long bytes) {
            long step = 4L * Lanes.COUNT;
            long i = 0;
            for (; i <= bytes - step; i += step) {
                Lanes.storeF32(Lanes.loadF32(from + i), to + i);
            }
            bytes(from + i, to + i, bytes - i);
        }

        static void triad(long a, long b, long c, long n, float s) {
            var scale = Lanes.all(s);
            long i = 0;
            for (; i <= n - Lanes.COUNT; i += Lanes.COUNT) {
                Lanes.storeF32(Lanes.loadF32(c + 4 * i).fma(scale, Lanes.loadF32(b + 4 * i)), a + 4 * i);
            }
            tail(a, b, c, i, n, s);
        }
    }
}
