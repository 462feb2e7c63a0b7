package io.github.dyt4j.training.data;

/** A square of this side at a uniform place in the image padded with 0 on all sides (torchvision's RandomCrop with padding). */
public record RandomCrop(int size, int padding) implements Transform {
    @Override
    public Image apply(Image image, Rng rng) {
        int spanY = image.height() + 2 * padding - size;
        int spanX = image.width() + 2 * padding - size;
        if (spanY < 0 || spanX < 0) {
            throw new IllegalArgumentException("an image of %d x %d with %d of padding has no crop of %d"
                    .formatted(image.height(), image.width(), padding, size));
        }
        return new Crop(rng.nextInt(spanY + 1) - padding, rng.nextInt(spanX + 1) - padding, size, size).of(image);
    }
}
