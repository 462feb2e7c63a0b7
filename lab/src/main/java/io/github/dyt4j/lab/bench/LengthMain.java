package io.github.dyt4j.lab.bench;

import io.github.dyt4j.torch.TorchRuntime;
import io.github.dyt4j.training.run.Environment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The process of one layer: writes a line a length, growing, of the length, the peak of memory in bytes above that of a short sequence, and
 * the nanoseconds of each round. Lengths grow, and between two of them freed memory goes back to the system, so the peak so far is that of
 * the last length.
 */
public final class LengthMain {
    private static final long SHORT = 64;
    /** The compiler's work is done on the short sequence, for so many times the seconds of a length. */
    private static final int WARM_UP = 5;

    private LengthMain() {}

    /** @param arguments the file to write, layer, channels, states, threads, seconds, and the lengths */
    public static void main(String[] arguments) throws IOException {
        Path file = Path.of(arguments[0]);
        LongLayer layer = LongLayer.valueOf(arguments[1]);
        int channels = Integer.parseInt(arguments[2]);
        int states = Integer.parseInt(arguments[3]);
        TorchRuntime.start(Integer.parseInt(arguments[4]));
        TorchRuntime.seed(0);
        double seconds = Double.parseDouble(arguments[5]);
        nanos(layer, SHORT, channels, states, new Interleaved(WARM_UP * seconds));
        Interleaved harness = new Interleaved(seconds);
        long before = Environment.peakBytes().orElse(0);
        for (int i = 6; i < arguments.length; i++) {
            long length = Long.parseLong(arguments[i]);
            double[] nanos = nanos(layer, length, channels, states, harness);
            long risen = Environment.peakBytes().orElse(0) - before;
            String rounds = Arrays.stream(nanos).mapToObj(Double::toString).collect(Collectors.joining(" "));
            Files.writeString(file, length + " " + risen + " " + rounds + "\n", StandardOpenOption.APPEND);
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
