package io.github.dyt4j.training.data;

/**
 * A part of area U(scale) · H · W and aspect exp(U(log ratio)), width to height, at a uniform place, resized to a square (Szegedy et al. 2015, section 6; timm's
 * RandomResizedCropAndInterpolation). What does not fit is drawn again, ten times at most; then the middle of the image at the nearest allowed aspect.
 */
public record RandomResizedCrop(
        int size, double minScale, double maxScale, double minRatio, double maxRatio, Interpolation interpolation)
        implements Transform {
    private static final int ATTEMPTS = 10;

    @Override
    public Image apply(Image image, Rng rng) {
        Image part = crop(image.height(), image.width(), rng).of(image);
        return Resize.to(part, size, size, interpolation.pick(rng));
    }

    Crop crop(int height, int width, Rng rng) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            double area = rng.uniform(minScale, maxScale) * height * width;
            double aspect = Math.exp(rng.uniform(Math.log(minRatio), Math.log(maxRatio)));
            int w = (int) Math.rint(Math.sqrt(area * aspect));
            int h = (int) Math.rint(Math.sqrt(area / aspect));
            if (w <= width && h <= height && w > 0 && h > 0) {
                return new Crop(rng.nextInt(height - h + 1), rng.nextInt(width - w + 1), h, w);
            }
        }
        return middle(height, width);
    }

    Crop middle(int height, int width) {
        double aspect = (double) width / height;
        int w = aspect > maxRatio ? (int) Math.rint(height * maxRatio) : width;
        int h = aspect < minRatio ? (int) Math.rint(width / minRatio) : height;
        return new Crop((height - h) / 2, (width - w) / 2, h, w);
    }
}
