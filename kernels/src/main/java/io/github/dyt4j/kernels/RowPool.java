package io.github.dyt4j.kernels;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * Runs numbered blocks of rows on a few daemon threads and the caller. Who runs which block is chance, so a block must write where no
 * other does; then the result does not depend on the number of threads.
 *
 * <p>Idle helpers are parked and never spin: libtorch's OpenMP threads want the same cores. The caller starts at once and never waits
 * for a helper to wake, only for blocks that a helper has begun. A call from within a block, or while another thread's call is
 * running, runs on its caller alone.
 */
final class RowPool {
    /** A task of fewer blocks than this is not worth waking anyone. */
    private static final int WORTH_SHARING = 4;

    private static final Semaphore FREE = new Semaphore(1);
    private static final List<Helper> HELPERS = new ArrayList<>();
    private static volatile int threads = Runtime.getRuntime().availableProcessors();

    private RowPool() {}

    /** What is done with one block. */
    interface Block {
        void run(int block);
    }

    static int threads() {
        return threads;
    }

    static void threads(int n) {
        if (n < 1) {
            throw new IllegalArgumentException("threads must be 1 or more, got " + n);
        }
        threads = n;
    }

    /** Runs blocks 0 to {@code blocks} − 1 and returns when all are done; throws what one of them threw. */
    static void run(int blocks, Block block) {
        int helpers = Math.min(threads - 1, blocks / 2);
        if (blocks < WORTH_SHARING || helpers < 1 || !FREE.tryAcquire()) {
            for (int b = 0; b < blocks; b++) {
                block.run(b);
            }
            return;
        }
        try {
            Job job = new Job(block, blocks);
            for (int h = 0; h < helpers; h++) {
                helper(h).take(job);
            }
            job.work();
            job.await();
        } finally {
            FREE.release();
        }
    }

    private static Helper helper(int index) {
        if (index == HELPERS.size()) {
            HELPERS.add(new Helper(index + 1));
        }
        return HELPERS.get(index);
    }

    private static final class Job {
        private final Block block;
        private final int blocks;
        private final AtomicInteger next = new AtomicInteger();
        private final AtomicInteger done = new AtomicInteger();
        private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();

        Job(Block block, int blocks) {
            this.block = block;
            this.blocks = blocks;
        }

        void work() {
            for (int b = next.getAndIncrement(); b < blocks; b = next.getAndIncrement()) {
                try {
                    block.run(b);
                } catch (RuntimeException | Error e) {
                    failure.compareAndSet(null, e);
                } finally {
                    done.incrementAndGet();
                }
            }
        }

        /** Yields at last, since the helper may be waiting for this very core. */
        @SuppressWarnings("ThreadPriorityCheck")
        void await() {
            for (int spins = 0; done.get() < blocks; spins++) {
                if (spins < 1000) {
                    Thread.onSpinWait();
                } else {
                    Thread.yield();
                }
            }
            switch (failure.get()) {
                case null -> {}
                case Error e -> throw e;
                case Throwable e -> throw (RuntimeException) e;
            }
        }
    }

    private static final class Helper {
        private final AtomicReference<@Nullable Job> slot = new AtomicReference<>();
        private final Thread thread;

        Helper(int number) {
            thread =
                    Thread.ofPlatform().daemon().name("dyt4j-kernels-" + number).start(this::loop);
        }

        /** A job that this overwrites is not lost: its caller finishes it alone. */
        void take(Job job) {
            slot.set(job);
            LockSupport.unpark(thread);
        }

        private void loop() {
            while (true) {
                Job job = slot.getAndSet(null);
                if (job == null) {
                    LockSupport.park(this);
                } else {
                    job.work();
                }
            }
        }
    }
}
