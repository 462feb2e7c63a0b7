package io.github.dyt4j.training.data;

/** The middle square of this side; an image that is smaller is padded with 0 (torchvision's CenterCrop). */
public record CenterCrop(int size) implements Transform {
    @Override
    public Image apply(Image image, Rng rng) {
        return new Crop(start(image.height()), start(image.width()), size, size).of(image);
    }

    /** Larger images are cut at the half rounded to even, smaller ones get the smaller half of their padding first. */
    private int start(int side) {
        return side >= size ? (int) Math.rint((side - size) / 2.0) : -((size - side) / 2);
    }
}
