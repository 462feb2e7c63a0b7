package io.github.dyt4j.lab.bench;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * So many bytes read once from memory, on so many threads: the least time in which a model's weights can be read. It compares the two halves
 * of a range, which are equal, so that every byte is looked at and none is written; the JVM does that with the machine's widest vectors.
 */
final class PlainRead implements AutoCloseable {
    /** More than a range of this size is read by reading it again: no cache keeps what comes around so late. */
    private static final long LARGEST = 1L << 30;

    private static final int PIECES_A_THREAD = 16;
    private static final long LINE = 64;

    private final Arena arena = Arena.ofShared();
    private final ExecutorService threads;
    private final List<Piece> pieces = new ArrayList<>();

    /** Two neighbouring stretches of so many bytes each. */
    private record Piece(MemorySegment range, long from, long half) implements Callable<Long> {
        @Override
        public Long call() {
            return MemorySegment.mismatch(range, from, from + half, range, from + half, from + 2 * half);
        }
    }

    PlainRead(long bytes, int threads) {
        this(bytes, LARGEST, threads);
    }

    /** @param largest range that is held */
    PlainRead(long bytes, long largest, int threads) {
        this.threads = Executors.newFixedThreadPool(threads);
        long held = Math.min(largest, bytes);
        MemorySegment range = arena.allocate(held, LINE).fill((byte) 0); // written, so that its pages are there
        for (long left = bytes; left > 0; left -= held) {
            long some = Math.min(held, left);
            long lines = Math.ceilDiv(some, 2 * LINE * threads * PIECES_A_THREAD);
            long piece = 2 * LINE * lines;
            for (long from = 0; from < some; from += piece) {
                pieces.add(new Piece(range, from, Math.min(piece, some - from) / 2));
            }
        }
    }

    /** How many are read: as many as were asked for, less one where those do not halve. */
    long bytes() {
        return pieces.stream().mapToLong(p -> 2 * p.half).sum();
    }

    void run() {
        try {
            for (Future<Long> piece : threads.invokeAll(pieces)) {
                if (piece.get() != -1) {
                    throw new IllegalStateException("zeros differ");
                }
            }
        } catch (ExecutionException e) {
            throw new IllegalStateException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    @Override
    public void close() {
        threads.close();
        arena.close();
    }
}
