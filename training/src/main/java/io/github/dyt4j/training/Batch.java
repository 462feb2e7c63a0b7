package io.github.dyt4j.training;

import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.training.data.HostBatch;
import java.util.List;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A batch as tensors of the scope that is open.
 *
 * @param views images (B, C, H, W) f32, or tokens (B, T) i64; several where an objective looks at several crops of an image; of speech the
 *     waveforms (B, T) f32 and how many of their samples are no padding (B) i64
 * @param labels classes (B) i64, or the token after each (B, T) i64; of speech the clips' numbers (B) i64, or their symbols (B, S) i64 with −1
 *     after the last
 * @param targets (B, classes) f32, each row a distribution; null: the labels are meant
 */
public record Batch(
        List<Tensor> views, Tensor labels, @Nullable Tensor targets) {
    public Batch(Tensor input, Tensor labels, @Nullable Tensor targets) {
        this(List.of(input), labels, targets);
    }

    static Batch of(HostBatch b) {
        long[] labels = IntStream.of(b.labels()).asLongStream().toArray();
        return new Batch(
                b.views().stream()
                        .map(v -> Tensors.of(v.pixels(), b.n(), b.channels(), v.height(), v.width()))
                        .toList(),
                Tensors.of(labels, b.n()),
                b.targets() == null ? null : Tensors.of(b.targets(), b.n(), b.targets().length / b.n()));
    }

    /** The first view: the whole input where there are no others. */
    public Tensor input() {
        return views.getFirst();
    }

    /** The first few examples of it. */
    public Batch first(long count) {
        long n = Math.min(count, size());
        return new Batch(
                views.stream().map(v -> v.narrow(0, 0, n)).toList(),
                labels.narrow(0, 0, n),
                targets == null ? null : targets.narrow(0, 0, n));
    }

    /** Takes it out of every scope, until {@link #release}. */
    Batch keep() {
        return new Batch(
                views.stream().map(Scope::keep).toList(),
                Scope.keep(labels),
                targets == null ? null : Scope.keep(targets));
    }

    void release() {
        views.forEach(Scope::release);
        Scope.release(labels);
        if (targets != null) {
            Scope.release(targets);
        }
    }

    public int size() {
        return Math.toIntExact(input().size(0));
    }
}
