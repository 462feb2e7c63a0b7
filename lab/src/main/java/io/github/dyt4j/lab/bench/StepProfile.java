package io.github.dyt4j.lab.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordedFrame;
import jdk.jfr.consumer.RecordedStackTrace;
import jdk.jfr.consumer.RecordedThread;
import jdk.jfr.consumer.RecordingFile;

/**
 * What part of a step's time is neither libtorch's nor this project's kernels: Flight Recorder looks at the stepping thread every
 * {@value #PERIOD_MILLIS} ms, and counts where it finds Java code that is not under a norm kernel; collections of garbage are added. The
 * few machine instructions of JavaCPP's own native glue count as libtorch's.
 */
final class StepProfile {
    private static final int PERIOD_MILLIS = 5;
    private static final String KERNELS = "io.github.dyt4j.kernels.";

    private StepProfile() {}

    /** Samples of the thread: all, and those not under a norm kernel. */
    private record Counts(long all, long outside) {}

    /** Runs the step for so many seconds on this thread; NaN where Flight Recorder saw nothing of it. */
    static double outsidePercent(Runnable step, double seconds) {
        try {
            Path file = Files.createTempFile("dyt4j-step", ".jfr");
            try (Recording recording = new Recording()) {
                recording.enable("jdk.ExecutionSample").withPeriod(Duration.ofMillis(PERIOD_MILLIS));
                recording.start();
                long collections = collectionMillis();
                long begin = System.nanoTime();
                while (System.nanoTime() - begin < seconds * 1e9) {
                    step.run();
                }
                double millis = (System.nanoTime() - begin) / 1e6;
                collections = collectionMillis() - collections;
                recording.stop();
                recording.dump(file);
                Counts counts = counts(file);
                return counts.all == 0 ? Double.NaN : 100 * (counts.outside * PERIOD_MILLIS + collections) / millis;
            } finally {
                Files.deleteIfExists(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static Counts counts(Path file) throws IOException {
        long thread = Thread.currentThread().threadId();
        long all = 0;
        long outside = 0;
        try (RecordingFile events = new RecordingFile(file)) {
            while (events.hasMoreEvents()) {
                RecordedEvent event = events.readEvent();
                RecordedThread sampled = event.hasField("sampledThread") ? event.getThread("sampledThread") : null;
                if (sampled != null && sampled.getJavaThreadId() == thread && event.getStackTrace() != null) {
                    all++;
                    outside += inKernel(event.getStackTrace()) ? 0 : 1;
                }
            }
        }
        return new Counts(all, outside);
    }

    private static boolean inKernel(RecordedStackTrace stack) {
        for (RecordedFrame frame : stack.getFrames()) {
            if (frame.getMethod().getType().getName().startsWith(KERNELS)) {
                return true;
            }
        }
        return false;
    }

    private static long collectionMillis() {
        return ManagementFactory.getGarbageCollectorMXBeans().stream()
                .mapToLong(b -> Math.max(0, b.getCollectionTime()))
                .sum();
    }
}
