package io.github.dyt4j.training.data;

/**
 * Smoothing with a standard deviation uniform in [minRadius, maxRadius] pixels, as Pillow's GaussianBlur does it, to the bit: three box filters a
 * direction, of length √(4σ² + 1) with fractional ends (Gwosdek et al. 2011, "Theoretical foundations of Gaussian convolution by extended box filtering"), in
 * 24-bit fixed point, rounded to bytes after each; beyond an edge its pixel goes on.
 */
record GaussianBlur(double minRadius, double maxRadius) implements Transform {
    private static final int PASSES = 3;

    @Override
    public Image apply(Image image, Rng rng) {
        return of(image, rng.uniform(minRadius, maxRadius));
    }

    static Image of(Image image, double sigma) {
        float radius = boxRadius((float) sigma);
        if (radius == 0) {
            return image;
        }
        Image out = new Image(
                image.width(), image.height(), image.channels(), image.pixels().clone());
        int c = image.channels();
        int stride = image.width() * c;
        Box box = Box.of(radius, Math.max(image.width(), image.height()));
        for (int y = 0; y < image.height(); y++) {
            for (int k = 0; k < c; k++) {
                box.blur(out.pixels(), y * stride + k, c, image.width());
            }
        }
        for (int i = 0; i < stride; i++) {
            box.blur(out.pixels(), i, stride, image.height());
        }
        return out;
    }

    /** Half the length of the box, less the middle pixel: l whole pixels and a share of the next (their equations 7, 11 and 14). */
    private static float boxRadius(float sigma) {
        float variance = sigma * sigma / PASSES;
        float length = (float) Math.sqrt(12.0 * variance + 1.0);
        float l = (float) Math.floor((length - 1.0) / 2.0);
        float share = (2 * l + 1) * (l * (l + 1) - 3 * variance);
        share /= 6 * (variance - (l + 1) * (l + 1));
        return l + share;
    }

    /**
     * A box filter in fixed point.
     *
     * @param radius whole pixels on either side
     * @param weight of each whole pixel
     * @param edge of the one beyond on either side
     * @param line room for a row or column
     */
    @SuppressWarnings("ArrayRecordComponent")
    private record Box(int radius, long weight, long edge, int[] line) {
        static Box of(float radius, int longest) {
            int whole = (int) radius;
            long weight = (long) ((1 << 24) / (radius * 2 + 1));
            return new Box(whole, weight, ((1 << 24) - (2L * whole + 1) * weight) / 2, new int[longest]);
        }

        /** All passes over n samples that lie {@code step} apart. */
        void blur(byte[] pixels, int from, int step, int n) {
            for (int pass = 0; pass < PASSES; pass++) {
                for (int i = 0; i < n; i++) {
                    line[i] = pixels[from + i * step] & 0xFF;
                }
                long sum = 0;
                for (int i = -radius; i <= radius; i++) {
                    sum += at(i, n);
                }
                for (int i = 0; i < n; i++) {
                    long ends = at(i - radius - 1, n) + at(i + radius + 1, n);
                    pixels[from + i * step] = (byte) ((sum * weight + ends * edge + (1 << 23)) >> 24);
                    sum += at(i + radius + 1, n) - at(i - radius, n);
                }
            }
        }

        private int at(int i, int n) {
            return line[Math.clamp(i, 0, n - 1)];
        }
    }
}
