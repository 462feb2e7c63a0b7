package io.github.dyt4j.training.audio;

import io.github.dyt4j.training.data.Rng;
import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;

/**
 * Batches of clips of similar length. A pass over n clips in batches of B leaves out n mod B at random, sorts the others by ln(length) + U(−0.1, 0.1), so that no two passes pair the same
 * clips, cuts that into batches and shuffles the batches; (seed, pass) alone decide.
 */
final class Buckets {
    private static final long ORDER = 0x737065656368L; // a stream of random numbers apart from the crops' own
    private static final double JITTER = 0.1;

    private Buckets() {}

    /**
     * The batches of a pass, in order.
     *
     * @param lengths of the clips, as far as they are used
     */
    static int[][] pass(int[] lengths, int batch, long seed, long pass) {
        Rng rng = Rng.of(seed ^ ORDER, pass, 0);
        int batches = lengths.length / batch;
        double[] key = IntStream.of(lengths)
                .mapToDouble(l -> Math.log(Math.max(1, l)) + rng.uniform(-JITTER, JITTER))
                .toArray();
        int[] kept = Arrays.copyOf(rng.permutation(lengths.length), batches * batch);
        int[] sorted = IntStream.of(kept)
                .boxed()
                .sorted(Comparator.comparingDouble((Integer i) -> key[i]).thenComparing(i -> i))
                .mapToInt(i -> i)
                .toArray();
        return IntStream.of(rng.permutation(batches))
                .mapToObj(b -> Arrays.copyOfRange(sorted, b * batch, (b + 1) * batch))
                .toArray(int[][]::new);
    }

    /** All clips once from the shortest to the longest; the last batch may be smaller. */
    static int[][] sorted(int[] lengths, int batch) {
        int[] order = IntStream.range(0, lengths.length)
                .boxed()
                .sorted(Comparator.comparingInt((Integer i) -> lengths[i]).thenComparing(i -> i))
                .mapToInt(i -> i)
                .toArray();
        return IntStream.range(0, Math.ceilDiv(order.length, batch))
                .mapToObj(b -> Arrays.copyOfRange(order, b * batch, Math.min(order.length, (b + 1) * batch)))
                .toArray(int[][]::new);
    }
}
