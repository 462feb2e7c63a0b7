package io.github.dyt4j.training.dna;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.Bases;
import io.github.dyt4j.training.data.Rng;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;

/**
 * Windows of a genome's regions, each {@code length} bases, and padded at the end where its region is shorter. What is more than half N is passed
 * over: assemblies hold millions of N in one piece.
 */
public final class Windows {
    private static final int TRIES = 1000;

    private final Genome genome;
    private final List<Region> regions;
    private final int length;

    /** Of each region the places where a window can begin, summed up. */
    private final long[] starts;

    /** @param length bases of a window */
    public Windows(Genome genome, List<Region> regions, int length) {
        this.genome = genome;
        this.regions = List.copyOf(regions);
        this.length = length;
        starts = regions.stream()
                .mapToLong(r -> Math.max(1, r.length() - length + 1))
                .toArray();
        Arrays.parallelPrefix(starts, Long::sum);
    }

    public int length() {
        return length;
    }

    public long bases() {
        return regions.stream().mapToLong(Region::length).sum();
    }

    /** Reads a window that is drawn evenly from all there are. */
    public void draw(Rng rng, byte[] out) {
        for (int i = 0; i < TRIES; i++) {
            long drawn = rng.nextLong(starts[starts.length - 1]);
            int region = place(starts, drawn);
            long before = region == 0 ? 0 : starts[region - 1];
            if (read(region, drawn - before, out)) {
                return;
            }
        }
        throw new UserError("Of " + TRIES + " windows of " + length
                + " bases all were N for the greater part: there is next to nothing to learn from in this genome.");
    }

    private static int place(long[] sums, long number) {
        int found = Arrays.binarySearch(sums, number);
        return found >= 0 ? found + 1 : -found - 1;
    }

    /** Whether the window is of use: not of N for the greater part. */
    private boolean read(int region, long start, byte[] out) {
        Region r = regions.get(region);
        int count = (int) Math.min(length, r.length() - start);
        genome.read(r.contig(), r.from() + start, count, out, 0);
        Arrays.fill(out, count, length, (byte) Bases.PAD);
        int unknown = 0;
        for (int i = 0; i < count; i++) {
            unknown += out[i] == Bases.N ? 1 : 0;
        }
        return 2L * unknown <= count;
    }

    /**
     * Up to {@code count} windows that lie side by side from each region's start, spread evenly over all of them; 0: all.
     *
     * @param step bases from one to the next
     */
    public byte[][] spread(int step, int count) {
        long[] tiles = regions.stream()
                .mapToLong(r -> r.length() < length ? 1 : (r.length() - length) / step + 1)
                .toArray();
        Arrays.parallelPrefix(tiles, Long::sum);
        long all = tiles[tiles.length - 1];
        long taken = count == 0 ? all : Math.min(count, all);
        return LongStream.range(0, taken)
                .mapToObj(k -> tile(tiles, step, k * all / taken, (k + 1) * all / taken))
                .filter(window -> window.length > 0)
                .toArray(byte[][]::new);
    }

    /** The first window of use from this one to before that; empty where there is none. */
    private byte[] tile(long[] tiles, int step, long from, long to) {
        byte[] out = new byte[length];
        for (long i = from; i < to; i++) {
            int region = place(tiles, i);
            if (read(region, (i - (region == 0 ? 0 : tiles[region - 1])) * step, out)) {
                return out;
            }
        }
        return new byte[0];
    }
}
