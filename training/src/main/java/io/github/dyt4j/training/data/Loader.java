package io.github.dyt4j.training.data;

import io.github.dyt4j.formats.UserError;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Batches in order, decoded and augmented ahead of their use on background threads. A batch is a function of (seed, epoch, number in the epoch) alone, so it is
 * the same for any number of threads and from any starting point.
 *
 * <p>Training goes on for ever, epoch after epoch, each in an order of its own, and drops an epoch's last incomplete batch. Evaluation goes through the
 * data once, in order, with nothing left to chance, and ends.
 *
 * <p>{@link #next()} throws the {@link UserError} of a file that could not be read. For one consumer thread; close it when done.
 */
public final class Loader implements Iterator<HostBatch>, AutoCloseable {
    private static final long ORDER = 0x6F72646572L; // streams apart from the images' own
    private static final long MIXING = 0x6D6978L;

    private final ImageDataset data;
    private final List<Pipeline> pipelines;
    private final @Nullable Mixup mixup;
    private final int batchSize;
    private final boolean training;
    private final long seed;
    private final ExecutorService workers;
    private final int ahead;
    private final Deque<Future<HostBatch>> queue = new ArrayDeque<>();
    private volatile Order order = new Order(-1, new int[0]);
    private long submitted; // position of the next batch to be made, in batches since epoch 0

    private record Order(
            int epoch,
            @SuppressWarnings("ArrayRecordComponent") int[] indices) {}

    private Loader(
            ImageDataset data,
            List<Pipeline> pipelines,
            @Nullable Mixup mixup,
            int batchSize,
            boolean training,
            long seed,
            int threads) {
        this.data = data;
        this.pipelines = List.copyOf(pipelines);
        this.mixup = mixup;
        this.batchSize = batchSize;
        this.training = training;
        this.seed = seed;
        int workers = threads > 0 ? threads : defaultThreads();
        this.ahead = workers + 2;
        this.workers = Executors.newFixedThreadPool(
                workers, Thread.ofPlatform().daemon().name("loader-", 0).factory());
    }

    /** Half the processors, at least one: the other half computes. */
    public static int defaultThreads() {
        return Math.max(1, Runtime.getRuntime().availableProcessors() / 2);
    }

    /**
     * Batches for training without end, from batch {@code batch} of epoch {@code epoch} (both from 0).
     *
     * @param views of each image, in this order from one stream of chance; all have as many channels
     * @param mixup of the first view; null: no soft targets
     * @param threads 0: {@link #defaultThreads}
     */
    public static Loader training(
            ImageDataset data,
            List<Pipeline> views,
            @Nullable Mixup mixup,
            int batchSize,
            long seed,
            int epoch,
            int batch,
            int threads) {
        if (data.size() < batchSize) {
            throw new UserError("%d training images do not fill one batch of %d.".formatted(data.size(), batchSize)
                    + "\nTake a smaller batch_size.");
        }
        Loader loader = new Loader(data, views, mixup, batchSize, true, seed, threads);
        loader.submitted = (long) epoch * loader.batchesPerEpoch() + batch;
        return loader;
    }

    /** The data once, in order; the last batch may be smaller. The pipeline should have nothing random. */
    public static Loader evaluation(ImageDataset data, Pipeline pipeline, int batchSize, int threads) {
        return new Loader(data, List.of(pipeline), null, batchSize, false, 0, threads);
    }

    public int batchesPerEpoch() {
        return training ? data.size() / batchSize : (data.size() + batchSize - 1) / batchSize;
    }

    @Override
    public boolean hasNext() {
        return !workers.isShutdown() && (training || !queue.isEmpty() || submitted < batchesPerEpoch());
    }

    @Override
    public HostBatch next() {
        if (!hasNext()) {
            throw new NoSuchElementException("no batch left");
        }
        while (queue.size() < ahead && (training || submitted < batchesPerEpoch())) {
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

    private HostBatch batch(long position) {
        int epoch = (int) (position / batchesPerEpoch());
        int number = (int) (position % batchesPerEpoch());
        int from = number * batchSize;
        int wanted = Math.min(batchSize, data.size() - from);
        List<float[]> pixels = pipelines.stream()
                .map(p -> new float[Math.multiplyExact(wanted, p.size())]) // (n, C, H, W)
                .collect(Collectors.toCollection(ArrayList::new));
        int[] labels = new int[wanted];
        int[] indices = new int[wanted];
        int n = 0;
        for (int i = from; i < from + wanted; i++) {
            int index = training ? order(epoch)[i] : i;
            Optional<Image> image = data.tryImage(index);
            if (image.isEmpty()) {
                continue;
            }
            transform(image.get(), index, epoch, pixels, n);
            labels[n] = data.label(index);
            indices[n] = index;
            n++;
        }
        if (n == 0) {
            throw new UserError("None of the %d images of a batch can be read, among them %s."
                    .formatted(wanted, data.skipped().getFirst()));
        }
        if (n < wanted) {
            int left = n;
            for (int v = 0; v < pipelines.size(); v++) {
                pixels.set(
                        v, Arrays.copyOf(pixels.get(v), left * pipelines.get(v).size()));
            }
            labels = Arrays.copyOf(labels, n);
            indices = Arrays.copyOf(indices, n);
        }
        int c = pipelines.getFirst().channels();
        float[] targets = mixup == null
                ? null
                : mixup.apply(
                        pixels.getFirst(),
                        labels,
                        c,
                        pipelines.getFirst().height(),
                        pipelines.getFirst().width(),
                        epoch,
                        Rng.of(seed ^ MIXING, epoch, number));
        List<HostBatch.View> views = new ArrayList<>();
        for (int v = 0; v < pipelines.size(); v++) {
            views.add(new HostBatch.View(
                    pipelines.get(v).height(), pipelines.get(v).width(), pixels.get(v)));
        }
        return new HostBatch(epoch, number, n, c, views, labels, targets, indices);
    }

    /** Writes every view of the image as the n-th of the batch. */
    private void transform(Image image, int index, int epoch, List<float[]> out, int n) {
        Rng rng = Rng.of(seed, epoch, index);
        try {
            for (int v = 0; v < pipelines.size(); v++) {
                pipelines
                        .get(v)
                        .apply(image, rng, out.get(v), n * pipelines.get(v).size());
            }
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(data.name(index) + ": " + e.getMessage(), e);
        }
    }

    /** The shuffled indices of an epoch; two threads at an epoch's edge may both compute them, to the same result. */
    private int[] order(int epoch) {
        Order o = order;
        if (o.epoch != epoch) {
            o = new Order(epoch, Rng.of(seed ^ ORDER, epoch, 0).permutation(data.size()));
            order = o;
        }
        return o.indices;
    }
}
