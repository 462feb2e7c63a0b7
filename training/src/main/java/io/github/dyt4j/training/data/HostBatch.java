package io.github.dyt4j.training.data;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A batch in ordinary memory.
 *
 * @param epoch counts from 0
 * @param number of the batch in its epoch, from 0
 * @param n images here: the batch size, or fewer in the last of an evaluation or where files were left out
 * @param views each of all n images; one but for objectives that look at several crops of an image
 * @param labels (n)
 * @param targets (n, classes), each row a distribution: null when neither mixing nor smoothing was asked for
 * @param indices (n), places in the data set
 */
@SuppressWarnings("ArrayRecordComponent") // handed to libtorch as they are
public record HostBatch(
        int epoch,
        int number,
        int n,
        int channels,
        List<View> views,
        int[] labels,
        float @Nullable [] targets,
        int[] indices) {

    /** @param pixels (n, channels, height, width) */
    @SuppressWarnings("ArrayRecordComponent")
    public record View(int height, int width, float[] pixels) {}

    /** Of the first view. */
    public float[] pixels() {
        return views.getFirst().pixels();
    }

    public int height() {
        return views.getFirst().height();
    }

    public int width() {
        return views.getFirst().width();
    }
}
