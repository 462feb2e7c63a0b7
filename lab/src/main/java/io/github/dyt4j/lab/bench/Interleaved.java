package io.github.dyt4j.lab.bench;

import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.LongSupplier;

/**
 * Times candidates in turn, so that what else the machine does falls on all of them alike: each round runs every candidate once, the first
 * one changing from round to round, and two are compared within the same rounds. A candidate that takes less than half a millisecond is
 * repeated to fill it, and its sample is the mean.
 *
 * <p>Before that the same rounds warm up, until no candidate is still getting faster and the JVM's compiler has come to rest: it needs
 * seconds, and what was timed before it is ten times slower.
 *
 * @param clock nanoseconds
 * @param compiling milliseconds that the compiler has worked so far
 * @param seconds of measurement; warming up comes on top
 */
record Interleaved(LongSupplier clock, LongSupplier compiling, double seconds) {
    static final int MOST_WARM_UPS = 8;

    /** For each candidate in each of them, at least. */
    private static final double WARM_UP_SECONDS = 0.1;
    /** The compiler's part of a warm-up's time below which it has done what matters. */
    private static final double QUIET = 0.05;

    private static final long SAMPLE_NANOS = 500_000;
    static final int LEAST_ROUNDS = 12;
    /** A second half of a warm-up that is faster than the first by more than this: not warm yet. */
    private static final double WARM = 0.04;

    Interleaved(double seconds) {
        this(System::nanoTime, Interleaved::compilingMillis, seconds);
    }

    /** Nanoseconds a call: for each candidate one sample a round. */
    List<double[]> run(List<Runnable> candidates) {
        int[] repeats = new int[candidates.size()];
        Arrays.fill(repeats, 1);
        double some = Math.max(seconds / 2, Math.min(WARM_UP_SECONDS, seconds) * candidates.size());
        long begin = clock.getAsLong();
        // Rounds that take longer than a warm-up is meant to are not warmed up as often.
        for (int i = 0; i < MOST_WARM_UPS && clock.getAsLong() - begin < MOST_WARM_UPS * some * 1e9; i++) {
            long before = compiling.getAsLong();
            boolean steady = isWarm(rounds(candidates, repeats, some, 2));
            if (steady && compiling.getAsLong() - before < QUIET * some * 1e3) {
                break;
            }
        }
        return rounds(candidates, repeats, seconds, LEAST_ROUNDS);
    }

    private static long compilingMillis() {
        var compiler = ManagementFactory.getCompilationMXBean();
        return compiler != null && compiler.isCompilationTimeMonitoringSupported()
                ? compiler.getTotalCompilationTime()
                : 0;
    }

    private List<double[]> rounds(List<Runnable> candidates, int[] repeats, double seconds, int least) {
        int n = candidates.size();
        List<double[]> rounds = new ArrayList<>();
        long end = clock.getAsLong() + (long) (seconds * 1e9);
        while (rounds.size() < least || clock.getAsLong() < end) {
            double[] round = new double[n];
            for (int i = 0; i < n; i++) {
                int c = (i + rounds.size()) % n;
                round[c] = sample(candidates.get(c), repeats[c]);
                // Repeats follow the speed: a call that compiles meanwhile gets more of them.
                repeats[c] = (int) Math.clamp(Math.ceil(SAMPLE_NANOS / Math.max(1, round[c])), 1, 100_000);
            }
            rounds.add(round);
        }
        List<double[]> byCandidate = new ArrayList<>();
        for (int c = 0; c < n; c++) {
            int candidate = c;
            byCandidate.add(rounds.stream().mapToDouble(r -> r[candidate]).toArray());
        }
        return byCandidate;
    }

    private double sample(Runnable candidate, int repeats) {
        long start = clock.getAsLong();
        for (int i = 0; i < repeats; i++) {
            candidate.run();
        }
        return (double) (clock.getAsLong() - start) / repeats;
    }

    private static boolean isWarm(List<double[]> samples) {
        return samples.stream().allMatch(s -> {
            double first = Samples.median(Arrays.copyOfRange(s, 0, s.length / 2));
            double second = Samples.median(Arrays.copyOfRange(s, s.length / 2, s.length));
            return second >= first * (1 - WARM);
        });
    }
}
