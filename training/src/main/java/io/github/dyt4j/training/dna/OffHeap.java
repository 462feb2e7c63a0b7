package io.github.dyt4j.training.dna;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/** Bytes that only grow, outside the heap, which is too small for a genome: in pieces, so that growing copies nothing. */
final class OffHeap implements AutoCloseable {
    private static final int BITS = 20;
    private static final int PIECE = 1 << BITS;

    private final Arena arena = Arena.ofShared();
    private final List<MemorySegment> pieces = new ArrayList<>();
    private long size;

    long size() {
        return size;
    }

    void append(byte[] bytes, int count) {
        for (int done = 0; done < count; ) {
            int at = (int) (size & (PIECE - 1));
            if (at == 0) {
                pieces.add(arena.allocate(PIECE));
            }
            int n = Math.min(count - done, PIECE - at);
            MemorySegment.copy(bytes, done, pieces.getLast(), ValueLayout.JAVA_BYTE, at, n);
            size += n;
            done += n;
        }
    }

    void read(long from, int count, byte[] out, int offset) {
        for (int done = 0; done < count; ) {
            long place = from + done;
            int at = (int) (place & (PIECE - 1));
            int n = Math.min(count - done, PIECE - at);
            MemorySegment piece = pieces.get((int) (place >>> BITS));
            MemorySegment.copy(piece, ValueLayout.JAVA_BYTE, at, out, offset + done, n);
            done += n;
        }
    }

    @Override
    public void close() {
        if (arena.scope().isAlive()) {
            arena.close();
        }
    }
}
