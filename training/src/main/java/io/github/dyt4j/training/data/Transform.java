package io.github.dyt4j.training.data;

/** A step from image to image, as torchvision's on PIL images. All chance comes from the generator given. */
@FunctionalInterface
public interface Transform {
    Image apply(Image image, Rng rng);

    /** Horizontal flip with this probability. */
    record HorizontalFlip(double probability) implements Transform {
        @Override
        public Image apply(Image image, Rng rng) {
            return rng.chance(probability) ? flip(image) : image;
        }

        static Image flip(Image image) {
            int c = image.channels();
            int stride = image.width() * c;
            Image out = Image.blank(image.width(), image.height(), c);
            for (int row = 0; row < image.pixels().length; row += stride) {
                for (int x = 0; x < stride; x += c) {
                    for (int k = 0; k < c; k++) {
                        out.pixels()[row + stride - c - x + k] = image.pixels()[row + x + k];
                    }
                }
            }
            return out;
        }
    }
}
