package io.github.dyt4j.lab.bench;

import io.github.dyt4j.torch.TorchRuntime;
import io.github.dyt4j.training.run.Environment;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The process of one layer: prints a line a length, growing, of the length, the peak of memory in bytes above that of a short sequence, and
 * the nanoseconds of each round. Lengths grow, and between two of them freed memory goes back to the system, so the peak so far is that of the last length.
 */
public final class LengthMain {
    /** Marks the lines that are meant. */
    static final String LINE = "length ";

    private static final long SHORT = 64;

    private LengthMain() {}

    /** @param arguments layer, channels, states, threads, seconds, and the lengths */
    public static void main(String[] arguments) {
        LongLayer layer = LongLayer.valueOf(arguments[0]);
        int channels = Integer.parseInt(arguments[1]);
        int states = Integer.parseInt(arguments[2]);
        TorchRuntime.start(Integer.parseInt(arguments[3]));
        TorchRuntime.seed(0);
        Interleaved harness = new Interleaved(Double.parseDouble(arguments[4]));
        nanos(layer, SHORT, channels, states, harness);
        long before = Environment.peakBytes().orElse(0);
        for (int i = 5; i < arguments.length; i++) {
            long length = Long.parseLong(arguments[i]);
            double[] nanos = nanos(layer, length, channels, states, harness);
            long risen = Environment.peakBytes().orElse(0) - before;
            System.out.println(LINE + length + " " + risen + " "
                    + Arrays.stream(nanos).mapToObj(Double::toString).collect(Collectors.joining(" ")));
        }
    }

    private static double[] nanos(LongLayer layer, long length, int channels, int states, Interleaved harness) {
        try (LengthCase one = new LengthCase(layer, length, channels, states)) {
            return harness.run(List.of(one::both)).getFirst();
        } finally {
            TorchRuntime.returnFreedMemory();
        }
    }
}
