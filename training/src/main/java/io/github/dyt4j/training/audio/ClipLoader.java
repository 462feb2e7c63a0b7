package io.github.dyt4j.training.audio;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.training.data.Rng;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Batches of clips in order, decoded ahead of their use on background threads. A batch of training is a function of (seed, position) alone. Training goes on for ever, pass after pass
 * ({@link Buckets}), evaluation once through all clips from the shortest to the longest.
 *
 * <p>Cropped, as fairseq's pretraining, each clip of a batch is cut to the shortest of them and to {@code longest}, at a place that (seed, pass, clip) decide, in evaluation at its
 * beginning: no frame is padding, and no mask is needed. Not cropped, shorter clips are padded with 0.
 *
 * <p>A batch none of whose clips can be used (each is silent, say) is passed over: in training the next of the pass that has any stands in its place.
 *
 * <p>{@link #hasNext()} and {@link #next()} throw the {@link UserError} of a file that could not be read, and of a set without a clip that can be used. For one consumer thread; close it
 * when done.
 */
public final class ClipLoader implements Iterator<ClipBatch>, AutoCloseable {
    private static final long CROPS = 0x63726F70L; // a stream apart from the order's own

    /**
     * How clips become equally long.
     *
     * @param crop to the shortest of the batch, else the longest is padded to
     * @param longest samples that are cropped to at most
     */
    public record Fit(boolean crop, int longest) {}

    private final ClipSet clips;
    private final Fit fit;
    private final int batchSize;
    private final boolean training;
    private final long seed;
    private final int[] lengths;
    private final ExecutorService workers;
    private final int ahead;
    private final Deque<Future<Optional<ClipBatch>>> queue = new ArrayDeque<>();
    private final int batches;
    private volatile Pass pass;
    private long submitted;
    private @Nullable ClipBatch ready;
    private boolean anyWas;

    private record Pass(
            long number,
            @SuppressWarnings("ArrayRecordComponent") int[][] batches) {}

    private ClipLoader(ClipSet clips, Fit fit, int batchSize, boolean training, long seed, long from, int threads) {
        this.clips = clips;
        this.fit = fit;
        this.batchSize = batchSize;
        this.training = training;
        this.seed = seed;
        lengths = IntStream.range(0, clips.size())
                .map(i -> fit.crop ? Math.min(fit.longest, clips.samples(i)) : clips.samples(i))
                .toArray();
        batches = training ? lengths.length / batchSize : Math.ceilDiv(lengths.length, batchSize);
        pass = training ? new Pass(-1, new int[0][]) : new Pass(0, Buckets.sorted(lengths, batchSize));
        submitted = from;
        ahead = threads + 2;
        workers = Executors.newFixedThreadPool(
                threads, Thread.ofPlatform().daemon().name("clips-", 0).factory());
    }

    /** Batches without end, from this one on, counted from the first of the first pass; there is at least one in a pass. */
    public static ClipLoader training(ClipSet clips, Fit fit, int batchSize, long seed, long from, int threads) {
        return new ClipLoader(clips, fit, batchSize, true, seed, from, threads);
    }

    /** Every clip once. */
    public static ClipLoader evaluation(ClipSet clips, Fit fit, int batchSize, int threads) {
        return new ClipLoader(clips, fit, batchSize, false, 0, 0, threads);
    }

    @Override
    public boolean hasNext() {
        if (workers.isShutdown()) {
            return false;
        }
        while (ready == null && (training || !queue.isEmpty() || submitted < batches)) {
            ready = take().orElse(null);
        }
        if (ready == null && batches > 0 && !anyWas) {
            close();
            throw nothing();
        }
        anyWas = true;
        return ready != null;
    }

    @Override
    public ClipBatch next() {
        if (!hasNext()) {
            throw new NoSuchElementException("no batch left");
        }
        ClipBatch batch = Objects.requireNonNull(ready);
        ready = null;
        return batch;
    }

    private Optional<ClipBatch> take() {
        while (queue.size() < ahead && (training || submitted < batches)) {
            long position = submitted++;
            queue.add(workers.submit(() -> batch(position)));
        }
        try {
            return queue.remove().get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for a batch", e);
        } catch (ExecutionException e) {
            close();
            if (e.getCause() instanceof UserError u) {
                throw new UserError(String.valueOf(u.getMessage()), u);
            }
            throw new IllegalStateException("a batch could not be made: " + e.getCause(), e.getCause());
        }
    }

    @Override
    public void close() {
        workers.shutdownNow();
        queue.clear();
    }

    private Optional<ClipBatch> batch(long position) {
        long number = position / batches;
        int[][] all = batches(number);
        for (int later = 0; later < (training ? batches : 1); later++) {
            Optional<ClipBatch> made = batch(all[(int) ((position + later) % batches)], number);
            if (made.isPresent()) {
                return made;
            }
        }
        if (training) {
            throw nothing();
        }
        return Optional.empty();
    }

    private UserError nothing() {
        return new UserError("None of the " + clips.size() + " clips can be used, among them "
                + clips.skipped().getFirst() + ".");
    }

    private Optional<ClipBatch> batch(int[] wanted, long number) {
        List<float[]> waveforms = new ArrayList<>();
        List<Integer> indices = new ArrayList<>();
        for (int i : wanted) {
            clips.waveform(i).ifPresent(x -> {
                waveforms.add(x);
                indices.add(i);
            });
        }
        if (waveforms.isEmpty()) {
            return Optional.empty();
        }
        int[] numbers = indices.stream().mapToInt(i -> i).toArray();
        return Optional.of(fit.crop ? cropped(waveforms, numbers, number) : padded(waveforms, numbers));
    }

    private ClipBatch cropped(List<float[]> waveforms, int[] numbers, long pass) {
        int t = Math.min(
                fit.longest, waveforms.stream().mapToInt(x -> x.length).min().orElseThrow());
        float[] values = new float[Math.multiplyExact(waveforms.size(), t)];
        for (int row = 0; row < numbers.length; row++) {
            float[] x = waveforms.get(row);
            int start = training ? Rng.of(seed ^ CROPS, pass, numbers[row]).nextInt(x.length - t + 1) : 0;
            System.arraycopy(x, start, values, row * t, t);
        }
        int[] all = new int[numbers.length];
        Arrays.fill(all, t);
        return new ClipBatch(values, all, numbers);
    }

    private static ClipBatch padded(List<float[]> waveforms, int[] numbers) {
        int[] own = waveforms.stream().mapToInt(x -> x.length).toArray();
        int t = Arrays.stream(own).max().orElseThrow();
        float[] values = new float[Math.multiplyExact(own.length, t)];
        for (int row = 0; row < own.length; row++) {
            System.arraycopy(waveforms.get(row), 0, values, row * t, own[row]);
        }
        return new ClipBatch(values, own, numbers);
    }

    /** The batches of a pass; two threads at its edge may both make them, to the same result. */
    private int[][] batches(long number) {
        Pass p = pass;
        if (p.number != number) {
            p = new Pass(number, Buckets.pass(lengths, batchSize, seed, number));
            pass = p;
        }
        return p.batches;
    }
}
