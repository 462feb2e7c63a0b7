package io.github.dyt4j.training;

import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.training.data.HostBatch;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A batch as tensors of the scope that is open.
 *
 * @param input images (B, C, H, W) f32, or tokens (B, T) i64
 * @param labels classes (B) i64, or the token after each (B, T) i64
 * @param targets (B, classes) f32, each row a distribution; null: the labels are meant
 */
public record Batch(Tensor input, Tensor labels, @Nullable Tensor targets) {
    static Batch of(HostBatch b) {
        long[] labels = IntStream.of(b.labels()).asLongStream().toArray();
        return new Batch(
                Tensors.of(b.pixels(), b.n(), b.channels(), b.height(), b.width()),
                Tensors.of(labels, b.n()),
                b.targets() == null ? null : Tensors.of(b.targets(), b.n(), b.targets().length / b.n()));
    }

    /** Takes it out of every scope, until {@link #release}. */
    Batch keep() {
        return new Batch(Scope.keep(input), Scope.keep(labels), targets == null ? null : Scope.keep(targets));
    }

    void release() {
        Scope.release(input);
        Scope.release(labels);
        if (targets != null) {
            Scope.release(targets);
        }
    }

    public int size() {
        return Math.toIntExact(input.size(0));
    }
}
