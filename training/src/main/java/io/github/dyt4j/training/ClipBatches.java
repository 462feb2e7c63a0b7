package io.github.dyt4j.training;

import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.training.audio.ClipBatch;
import io.github.dyt4j.training.audio.ClipLoader;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/**
 * What a loader of clips reads, as tensors.
 *
 * @param labels of a batch
 */
record ClipBatches(ClipLoader loader, Function<ClipBatch, Tensor> labels) implements Batches {
    /** A clip's number is its label. */
    static ClipBatches numbered(ClipLoader loader) {
        return new ClipBatches(loader, b -> longs(b.clips()));
    }

    @Override
    public boolean hasNext() {
        return loader.hasNext();
    }

    @Override
    public Batch next() {
        ClipBatch b = loader.next();
        Tensor waveforms = Tensors.of(b.values(), b.n(), b.samples()); // (B, T)
        return new Batch(List.of(waveforms, longs(b.lengths())), labels.apply(b), null);
    }

    private static Tensor longs(int[] values) {
        return Tensors.of(IntStream.of(values).asLongStream().toArray(), values.length);
    }

    @Override
    public void close() {
        loader.close();
    }
}
