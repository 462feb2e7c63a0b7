package io.github.dyt4j.training.data;

/**
 * The shorter side becomes {@code size}, the longer {@code ⌊size · long / short⌋} (torchvision's Resize of one number). The samples are
 * Pillow's to the bit: separable, the filter widened by the factor of a reduction (antialias), weights in 22-bit fixed point, each pass rounded to bytes.
 */
public record Resize(int size, Interpolation interpolation) implements Transform {
    private static final int BITS = 22;

    @Override
    public Image apply(Image image, Rng rng) {
        int w = image.width();
        int h = image.height();
        int other = (int) ((double) size * Math.max(w, h) / Math.min(w, h));
        return to(image, w <= h ? size : other, w <= h ? other : size, interpolation.pick(rng));
    }

    /** The image at exactly this size. */
    static Image to(Image image, int width, int height, Interpolation interpolation) {
        Image wide = image.width() == width
                ? image
                : horizontal(image, width, new Weights(image.width(), width, interpolation));
        return wide.height() == height
                ? wide
                : vertical(wide, height, new Weights(wide.height(), height, interpolation));
    }

    private static Image horizontal(Image in, int width, Weights weights) {
        int channels = in.channels();
        byte[] from = in.pixels();
        byte[] out = new byte[width * in.height() * channels];
        int k = 0;
        for (int y = 0; y < in.height(); y++) {
            int row = y * in.width() * channels;
            for (int x = 0; x < width; x++) {
                int first = row + weights.first[x] * channels;
                int[] w = weights.values[x];
                for (int c = 0; c < channels; c++) {
                    int sum = 1 << (BITS - 1);
                    for (int i = 0, at = first + c; i < w.length; i++, at += channels) {
                        sum += (from[at] & 0xFF) * w[i];
                    }
                    out[k++] = clip(sum >> BITS);
                }
            }
        }
        return new Image(width, in.height(), channels, out);
    }

    private static Image vertical(Image in, int height, Weights weights) {
        int stride = in.width() * in.channels();
        byte[] from = in.pixels();
        byte[] out = new byte[stride * height];
        int[] sums = new int[stride];
        for (int y = 0; y < height; y++) {
            java.util.Arrays.fill(sums, 1 << (BITS - 1));
            int at = weights.first[y] * stride;
            for (int w : weights.values[y]) {
                for (int x = 0; x < stride; x++) {
                    sums[x] += (from[at + x] & 0xFF) * w;
                }
                at += stride;
            }
            for (int x = 0; x < stride; x++) {
                out[y * stride + x] = clip(sums[x] >> BITS);
            }
        }
        return new Image(in.width(), height, in.channels(), out);
    }

    static byte clip(int v) {
        return (byte) Math.clamp(v, 0, 255);
    }

    /** For each target sample the first source sample and the weights from there on. */
    private static final class Weights {
        final int[] first;
        final int[][] values;

        Weights(int from, int to, Interpolation filter) {
            first = new int[to];
            values = new int[to][];
            double scale = (double) from / to;
            double stretch = Math.max(scale, 1);
            double support = filter.support * stretch;
            for (int i = 0; i < to; i++) {
                double centre = (i + 0.5) * scale;
                int low = Math.max((int) (centre - support + 0.5), 0);
                int high = Math.min((int) (centre + support + 0.5), from);
                double[] w = new double[high - low];
                double sum = 0;
                for (int k = 0; k < w.length; k++) {
                    w[k] = filter.weight((k + low - centre + 0.5) * (1 / stretch));
                    sum += w[k];
                }
                first[i] = low;
                values[i] = new int[w.length];
                for (int k = 0; k < w.length; k++) {
                    double v = sum == 0 ? w[k] : w[k] / sum;
                    values[i][k] = (int) (v * (1 << BITS) + (v < 0 ? -0.5 : 0.5));
                }
            }
        }
    }
}
