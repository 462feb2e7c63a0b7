package io.github.dyt4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class RowPoolTest {
    private final int before = RowPool.threads();

    @AfterEach
    void restore() {
        RowPool.threads(before);
    }

    @Test
    void everyBlockRunsOnceWithAnyNumberOfThreads() {
        for (int threads : new int[] {1, 2, 3, 7, 2}) {
            RowPool.threads(threads);
            for (int blocks : new int[] {0, 1, 3, 4, 100}) {
                for (int round = 0; round < 200; round++) {
                    AtomicIntegerArray runs = new AtomicIntegerArray(blocks);
                    RowPool.run(blocks, runs::incrementAndGet);
                    for (int b = 0; b < blocks; b++) {
                        assertThat(runs.get(b))
                                .as("%d threads, block %d of %d", threads, b, blocks)
                                .isEqualTo(1);
                    }
                }
            }
        }
    }

    @Test
    void whatABlockThrowsReachesTheCallerAndThePoolGoesOn() {
        RowPool.threads(3);
        for (int round = 0; round < 50; round++) {
            assertThatThrownBy(() -> RowPool.run(20, b -> {
                        if (b == 13) {
                            throw new IllegalStateException("block 13");
                        }
                    }))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage("block 13");
        }
        AtomicInteger runs = new AtomicInteger();
        RowPool.run(20, b -> runs.incrementAndGet());
        assertThat(runs).hasValue(20);
    }

    @Test
    void callsFromWithinABlockAndFromManyThreadsAreWhole() throws InterruptedException {
        RowPool.threads(3);
        AtomicInteger runs = new AtomicInteger();
        List<Thread> callers = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            callers.add(Thread.ofPlatform().start(() -> {
                for (int round = 0; round < 50; round++) {
                    RowPool.run(8, b -> RowPool.run(8, inner -> runs.incrementAndGet()));
                }
            }));
        }
        for (Thread caller : callers) {
            caller.join();
        }
        assertThat(runs).hasValue(4 * 50 * 64);
    }

    @Test
    void fewerThanOneThreadIsRefused() {
        assertThatThrownBy(() -> Kernels.threads(0)).hasMessageContaining("1 or more");
    }
}
