package io.github.dyt4j.training.data;

/**
 * Inverse mapping {@code (x, y) ← (a·x + b·y + c, d·x + e·y + f)} on pixel centres, as Pillow's transform: a target whose source lies outside the image has
 * the fill colour, neighbours beyond the edge are the edge's, results are cut off to bytes, not rounded.
 */
record Affine(double a, double b, double c, double d, double e, double f) {
    /** Counter-clockwise about the centre; matrix entries rounded to 15 digits as Pillow's rotate. */
    static Affine rotation(double degrees, int width, int height) {
        double turn = ((degrees % 360) + 360) % 360;
        double angle = -Math.toRadians(turn);
        double cos = round15(Math.cos(angle));
        double sin = round15(Math.sin(angle));
        double cx = width / 2.0;
        double cy = height / 2.0;
        double c = cos * -cx + sin * -cy + 0.0;
        double f = -sin * -cx + cos * -cy + 0.0;
        return new Affine(cos, sin, c + cx, -sin, cos, f + cy);
    }

    private static double round15(double v) {
        return new java.math.BigDecimal(v)
                .setScale(15, java.math.RoundingMode.HALF_EVEN)
                .doubleValue();
    }

    /** @param fill one value a channel */
    Image apply(Image image, Interpolation interpolation, int[] fill) {
        int channels = image.channels();
        Image out = Image.blank(image.width(), image.height(), channels);
        int k = 0;
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++) {
                double sx = a * (x + 0.5) + b * (y + 0.5) + c;
                double sy = d * (x + 0.5) + e * (y + 0.5) + f;
                boolean inside = sx >= 0 && sx < image.width() && sy >= 0 && sy < image.height();
                for (int ch = 0; ch < channels; ch++) {
                    double v = !inside
                            ? fill[ch]
                            : interpolation == Interpolation.BILINEAR
                                    ? bilinear(image, sx - 0.5, sy - 0.5, ch)
                                    : bicubic(image, sx - 0.5, sy - 0.5, ch);
                    out.pixels()[k++] = (byte) (int) Math.clamp(v, 0, 255);
                }
            }
        }
        return out;
    }

    private static double bilinear(Image image, double sx, double sy, int ch) {
        int x = (int) Math.floor(sx);
        int y = (int) Math.floor(sy);
        double upper = lerp(image, x, y, sx - x, ch);
        return upper + (lerp(image, x, y + 1, sx - x, ch) - upper) * (sy - y);
    }

    private static double lerp(Image image, int x, int y, double t, int ch) {
        double left = sample(image, x, y, ch);
        return left + (sample(image, x + 1, y, ch) - left) * t;
    }

    private static double bicubic(Image image, double sx, double sy, int ch) {
        int x = (int) Math.floor(sx);
        int y = (int) Math.floor(sy);
        double t = sx - x;
        return cubic(
                row(image, x, y - 1, t, ch),
                row(image, x, y, t, ch),
                row(image, x, y + 1, t, ch),
                row(image, x, y + 2, t, ch),
                sy - y);
    }

    private static double row(Image image, int x, int y, double t, int ch) {
        return cubic(
                sample(image, x - 1, y, ch),
                sample(image, x, y, ch),
                sample(image, x + 1, y, ch),
                sample(image, x + 2, y, ch),
                t);
    }

    /** Keys' cubic with a = -1. */
    private static double cubic(double v1, double v2, double v3, double v4, double t) {
        double p2 = -v1 + v3;
        double p3 = 2 * (v1 - v2) + v3 - v4;
        double p4 = -v1 + v2 - v3 + v4;
        return v2 + t * (p2 + t * (p3 + t * p4));
    }

    private static int sample(Image image, int x, int y, int ch) {
        return image.at(Math.clamp(x, 0, image.width() - 1), Math.clamp(y, 0, image.height() - 1), ch);
    }
}
