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
        Taps taps = new Taps(image, interpolation == Interpolation.BICUBIC);
        int k = 0;
        for (int y = 0; y < image.height(); y++) {
            for (int x = 0; x < image.width(); x++, k += channels) {
                double sx = a * (x + 0.5) + b * (y + 0.5) + c;
                double sy = d * (x + 0.5) + e * (y + 0.5) + f;
                if (sx >= 0 && sx < image.width() && sy >= 0 && sy < image.height()) {
                    taps.write(sx - 0.5, sy - 0.5, out.pixels(), k);
                } else {
                    for (int ch = 0; ch < channels; ch++) {
                        out.pixels()[k + ch] = (byte) fill[ch];
                    }
                }
            }
        }
        return out;
    }

    /** One image's filter: the neighbours' offsets are clamped once for all channels of a pixel. */
    private static final class Taps {
        private final byte[] pixels;
        private final int width;
        private final int height;
        private final int channels;
        private final boolean cubic;
        private int x0;
        private int x1;
        private int x2;
        private int x3;

        Taps(Image image, boolean cubic) {
            this.pixels = image.pixels();
            this.width = image.width();
            this.height = image.height();
            this.channels = image.channels();
            this.cubic = cubic;
        }

        void write(double sx, double sy, byte[] out, int at) {
            int x = (int) Math.floor(sx);
            int y = (int) Math.floor(sy);
            double tx = sx - x;
            double ty = sy - y;
            x0 = column(x - 1);
            x1 = column(x);
            x2 = column(x + 1);
            x3 = column(x + 2);
            int y0 = row(y - 1);
            int y1 = row(y);
            int y2 = row(y + 1);
            int y3 = row(y + 2);
            for (int ch = 0; ch < channels; ch++) {
                double v;
                if (cubic) {
                    v = cubic(
                            cubicRow(y0 + ch, tx),
                            cubicRow(y1 + ch, tx),
                            cubicRow(y2 + ch, tx),
                            cubicRow(y3 + ch, tx),
                            ty);
                } else {
                    double upper = linearRow(y1 + ch, tx);
                    v = upper + (linearRow(y2 + ch, tx) - upper) * ty;
                }
                out[at + ch] = Resize.clip((int) v);
            }
        }

        private int column(int x) {
            return Math.clamp(x, 0, width - 1) * channels;
        }

        private int row(int y) {
            return Math.clamp(y, 0, height - 1) * width * channels;
        }

        private double linearRow(int row, double t) {
            int left = pixels[row + x1] & 0xFF;
            int right = pixels[row + x2] & 0xFF;
            return left + (right - left) * t;
        }

        private double cubicRow(int row, double t) {
            return cubic(
                    pixels[row + x0] & 0xFF,
                    pixels[row + x1] & 0xFF,
                    pixels[row + x2] & 0xFF,
                    pixels[row + x3] & 0xFF,
                    t);
        }

        /** Keys' cubic with a = -1. */
        private static double cubic(double v1, double v2, double v3, double v4, double t) {
            double p2 = -v1 + v3;
            double p3 = 2 * (v1 - v2) + v3 - v4;
            double p4 = -v1 + v2 - v3 + v4;
            return v2 + t * (p2 + t * (p3 + t * p4));
        }
    }
}
