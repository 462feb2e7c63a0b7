package io.github.dyt4j.training;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * Turns Ctrl-C and SIGTERM into a wish to stop: while this is open, the JVM's end waits (at most a minute) until it is closed, so that the run
 * can leave a checkpoint. The process then ends as the signal says, with 130 after Ctrl-C and 143 after SIGTERM.
 */
public final class StopSignal implements BooleanSupplier, AutoCloseable {
    private volatile boolean asked;
    private final CountDownLatch closed = new CountDownLatch(1);
    private final Thread hook = new Thread(this::wish, "stop-signal");

    private StopSignal() {}

    public static StopSignal open() {
        StopSignal signal = new StopSignal();
        Runtime.getRuntime().addShutdownHook(signal.hook);
        return signal;
    }

    private void wish() {
        asked = true;
        try {
            boolean _ = closed.await(1, TimeUnit.MINUTES);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public boolean getAsBoolean() {
        return asked;
    }

    @Override
    public void close() {
        closed.countDown();
        if (!asked) {
            try {
                Runtime.getRuntime().removeShutdownHook(hook);
            } catch (IllegalStateException e) {
                // the JVM is ending at this very moment; the hook finds the latch open
            }
        }
    }
}
