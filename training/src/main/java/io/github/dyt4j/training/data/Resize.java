package io.github.dyt4j.training.data;

import java.util.Arrays;

/**
 * The shorter side becomes {@code size}, the longer {@code ⌊size · long / short⌋} (torchvision's Resize of one number). The samples are
 * Pillow's to the bit: separable, the filter widened by the factor of a reduction (antialias), weights in 22-bit fixed point, each pass rounded to bytes.
 */
public record Resize(int size, Interpolation interpolation) implements Transform {
    private static final int BITS = 22;
    private static final int HALF = 1 << (BITS - 1);

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
        Image out = Image.blank(width, in.height(), in.channels());
        for (int y = 0; y < in.height(); y++) {
            int row = y * in.width() * in.channels();
            for (int x = 0; x < width; x++) {
                int from = row + weights.first[x] * in.channels();
                int to = (y * width + x) * in.channels();
                if (in.channels() == 3) {
                    sumRgb(in.pixels(), from, weights.values[x], out.pixels(), to);
                } else {
                    sumGrey(in.pixels(), from, weights.values[x], out.pixels(), to);
                }
            }
        }
        return out;
    }

    private static void sumGrey(byte[] in, int from, int[] weights, byte[] out, int to) {
        int sum = HALF;
        for (int i = 0; i < weights.length; i++) {
            sum += (in[from + i] & 0xFF) * weights[i];
        }
        out[to] = clip(sum >> BITS);
    }

    private static void sumRgb(byte[] in, int from, int[] weights, byte[] out, int to) {
        int r = HALF;
        int g = HALF;
        int b = HALF;
        int at = from;
        for (int w : weights) {
            r += (in[at] & 0xFF) * w;
            g += (in[at + 1] & 0xFF) * w;
            b += (in[at + 2] & 0xFF) * w;
            at += 3;
        }
        out[to] = clip(r >> BITS);
        out[to + 1] = clip(g >> BITS);
        out[to + 2] = clip(b >> BITS);
    }

    private static Image vertical(Image in, int height, Weights weights) {
        int stride = in.width() * in.channels();
        byte[] from = in.pixels();
        byte[] out = new byte[stride * height];
        int[] sums = new int[stride];
        for (int y = 0; y < height; y++) {
            Arrays.fill(sums, HALF);
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
