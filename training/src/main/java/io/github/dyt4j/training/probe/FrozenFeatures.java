package io.github.dyt4j.training.probe;

import io.github.dyt4j.torch.Tensors;
import java.util.Arrays;
import org.bytedeco.pytorch.Tensor;

/**
 * What a network that is not trained any further makes of labelled images.
 *
 * @param values (N, E), row by row
 * @param labels (N)
 */
@SuppressWarnings("ArrayRecordComponent")
public record FrozenFeatures(int dim, float[] values, int[] labels) {
    /** Collects batches. */
    public static final class Collector {
        private float[] values = new float[0];
        private int[] labels = new int[0];
        private int n;
        private int dim;

        /** @param features (B, E) of any dtype, labels (B) */
        public void add(Tensor features, Tensor own) {
            float[] rows = Tensors.floats(features);
            long[] classes = Tensors.longs(own);
            dim = Math.toIntExact(features.size(1));
            if (values.length < (n + classes.length) * (long) dim) {
                int room = Math.max(n + classes.length, 2 * n);
                values = Arrays.copyOf(values, Math.multiplyExact(room, dim));
                labels = Arrays.copyOf(labels, room);
            }
            System.arraycopy(rows, 0, values, n * dim, rows.length);
            for (int i = 0; i < classes.length; i++) {
                labels[n + i] = Math.toIntExact(classes[i]);
            }
            n += classes.length;
        }

        public FrozenFeatures whole() {
            return new FrozenFeatures(dim, Arrays.copyOf(values, n * dim), Arrays.copyOf(labels, n));
        }
    }

    public int size() {
        return labels.length;
    }

    int classes() {
        return Arrays.stream(labels).max().orElse(0) + 1;
    }

    /** (N, E). */
    Tensor tensor() {
        return Tensors.of(values, size(), dim);
    }

    /** (N). */
    Tensor labelTensor() {
        return Tensors.of(Arrays.stream(labels).asLongStream().toArray(), size());
    }
}
