package io.github.dyt4j.training.data;

import java.util.Arrays;

/**
 * Random erasing (Zhong et al. 2017, algorithm 1) of normalised images, as timm does it: with this probability, {@code count} rectangles, each of
 * area U(minArea, maxArea) · H · W / count and aspect exp(U(ln 0.3, ln 1/0.3)), are filled; a rectangle that does not fit is drawn again, ten times at most.
 *
 * @param maxCount the number of rectangles is uniform in minCount … maxCount
 */
public record RandomErasing(double probability, Mode mode, int minCount, int maxCount, double minArea, double maxArea) {
    /** With what: zeros (the mean colour), one normal draw a channel, or one a pixel and channel. */
    public enum Mode {
        CONST,
        RAND,
        PIXEL
    }

    private static final double LOG_ASPECT = Math.log(1 / 0.3);
    private static final int ATTEMPTS = 10;

    /** timm's defaults: areas of 2% to a third. */
    public static RandomErasing of(double probability, Mode mode, int count) {
        return new RandomErasing(probability, mode, count, count, 0.02, 1 / 3.0);
    }

    void apply(float[] chw, int offset, int channels, int height, int width, Rng rng) {
        if (!rng.chance(probability)) {
            return;
        }
        int count = minCount == maxCount ? minCount : rng.nextInt(minCount, maxCount + 1);
        for (int i = 0; i < count; i++) {
            Box box = box(height, width, count, rng);
            if (box != null) {
                fill(chw, offset, channels, height, width, box, rng);
            }
        }
    }

    @org.jspecify.annotations.Nullable
    Box box(int height, int width, int count, Rng rng) {
        for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
            double area = rng.uniform(minArea, maxArea) * height * width / count;
            double aspect = Math.exp(rng.uniform(-LOG_ASPECT, LOG_ASPECT));
            int h = (int) Math.rint(Math.sqrt(area * aspect));
            int w = (int) Math.rint(Math.sqrt(area / aspect));
            if (h < height && w < width) {
                return new Box(rng.nextInt(height - h + 1), rng.nextInt(width - w + 1), h, w);
            }
        }
        return null;
    }

    void fill(float[] chw, int offset, int channels, int height, int width, Box box, Rng rng) {
        for (int c = 0; c < channels; c++) {
            float one = mode == Mode.RAND ? (float) rng.nextGaussian() : 0;
            for (int y = box.top; y < box.top + box.height; y++) {
                int from = offset + (c * height + y) * width + box.left;
                if (mode == Mode.PIXEL) {
                    for (int x = from; x < from + box.width; x++) {
                        chw[x] = (float) rng.nextGaussian();
                    }
                } else {
                    Arrays.fill(chw, from, from + box.width, one);
                }
            }
        }
    }

    /** A rectangle of pixels. */
    record Box(int top, int left, int height, int width) {}
}
