package io.github.dyt4j.training.data;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * From a decoded image to its place in a batch: the transforms in order, then {@code (v / 255 - mean[c]) / std[c]} as CHW (torchvision's ToTensor and
 * Normalize), then erasing.
 *
 * @param channels of the result: grey is repeated, RGB becomes luma
 */
public record Pipeline(
        int channels,
        int height,
        int width,
        List<Transform> transforms,
        Normalize normalize,
        @Nullable RandomErasing erasing) {
    public Pipeline {
        transforms = List.copyOf(transforms);
        if (normalize.channels() != channels) {
            throw new IllegalArgumentException(
                    "mean and std of " + normalize.channels() + " channels for images of " + channels);
        }
    }

    /** Floats of one image. */
    public int size() {
        return channels * height * width;
    }

    /**
     * Writes the image, transformed, to {@code out[offset …]}.
     *
     * @throws IllegalArgumentException when the transforms end with another size than this pipeline's
     */
    public void apply(Image image, Rng rng, float[] out, int offset) {
        Image x = image.withChannels(channels);
        for (Transform t : transforms) {
            x = t.apply(x, rng);
        }
        if (x.width() != width || x.height() != height) {
            throw new IllegalArgumentException(
                    "an image of %d x %d where %d x %d is wanted".formatted(x.height(), x.width(), height, width));
        }
        normalize.apply(x, out, offset);
        if (erasing != null) {
            erasing.apply(out, offset, channels, height, width, rng);
        }
    }
}
