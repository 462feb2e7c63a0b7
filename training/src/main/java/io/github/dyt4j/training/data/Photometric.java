package io.github.dyt4j.training.data;

import java.util.function.IntUnaryOperator;

/** Pillow's ImageOps and ImageEnhance on bytes, to the bit. */
final class Photometric {
    private Photometric() {}

    static Image invert(Image image) {
        return map(image, v -> 255 - v);
    }

    /** Inverts from the threshold upward. */
    static Image solarize(Image image, int threshold) {
        return map(image, v -> v < threshold ? v : 255 - v);
    }

    /** Adds below 128 (timm's SolarizeAdd). */
    static Image solarizeAdd(Image image, int add) {
        return map(image, v -> v < 128 ? Math.min(255, v + add) : v);
    }

    /** Keeps this many of the highest bits. */
    static Image posterize(Image image, int bits) {
        int mask = bits >= 8 ? 0xFF : 0xFF & ~((1 << (8 - bits)) - 1);
        return map(image, v -> v & mask);
    }

    /** Each channel is stretched so that its darkest value is 0 and its brightest 255. */
    static Image autoContrast(Image image) {
        return mapChannels(image, histogram -> {
            int low = 0;
            int high = 255;
            while (low < 255 && histogram[low] == 0) {
                low++;
            }
            while (high > 0 && histogram[high] == 0) {
                high--;
            }
            double scale = high <= low ? 1 : 255.0 / (high - low);
            double offset = high <= low ? 0 : -low * scale;
            return v -> (int) (v * scale + offset);
        });
    }

    /** Each channel's histogram is flattened. */
    static Image equalize(Image image) {
        return mapChannels(image, histogram -> {
            int total = 0;
            int last = 0;
            int distinct = 0;
            for (int count : histogram) {
                total += count;
                last = count > 0 ? count : last;
                distinct += count > 0 ? 1 : 0;
            }
            int step = (total - last) / 255;
            if (distinct <= 1 || step == 0) {
                return IntUnaryOperator.identity();
            }
            int[] table = new int[256];
            int n = step / 2;
            for (int v = 0; v < 256; v++) {
                table[v] = n / step;
                n += histogram[v];
            }
            return v -> table[v];
        });
    }

    /** Towards or away from black. */
    static Image brightness(Image image, double factor) {
        return blend(Image.blank(image.width(), image.height(), image.channels()), image, factor);
    }

    /** Towards or away from the mean luma, rounded. */
    static Image contrast(Image image, double factor) {
        Image luma = image.withChannels(1);
        long sum = 0;
        for (byte b : luma.pixels()) {
            sum += b & 0xFF;
        }
        int mean = (int) ((double) sum / luma.pixels().length + 0.5);
        return blend(map(image, v -> mean), image, factor);
    }

    /** Towards or away from grey. */
    static Image color(Image image, double factor) {
        return blend(image.withChannels(1).withChannels(image.channels()), image, factor);
    }

    /** Towards or away from the image smoothed by (1 1 1; 1 5 1; 1 1 1) / 13, whose border stays. */
    static Image sharpness(Image image, double factor) {
        int c = image.channels();
        int stride = image.width() * c;
        byte[] p = image.pixels();
        byte[] smooth = p.clone();
        for (int y = 1; y < image.height() - 1; y++) {
            for (int i = y * stride + c; i < (y + 1) * stride - c; i++) {
                int sum = 4 * (p[i] & 0xFF);
                for (int row = i - stride; row <= i + stride; row += stride) {
                    sum += (p[row - c] & 0xFF) + (p[row] & 0xFF) + (p[row + c] & 0xFF);
                }
                smooth[i] = (byte) ((2 * sum + 13) / 26);
            }
        }
        return blend(new Image(image.width(), image.height(), c, smooth), image, factor);
    }

    /** {@code from + factor · (to - from)} in f32, cut off to bytes. */
    static Image blend(Image from, Image to, double factor) {
        float alpha = (float) factor;
        if (alpha == 0 || alpha == 1) {
            return alpha == 0 ? from : to;
        }
        Image out = Image.blank(to.width(), to.height(), to.channels());
        for (int i = 0; i < out.pixels().length; i++) {
            int a = from.pixels()[i] & 0xFF;
            int b = to.pixels()[i] & 0xFF;
            out.pixels()[i] = Resize.clip((int) (a + alpha * (b - a)));
        }
        return out;
    }

    private interface Curve {
        IntUnaryOperator of(int[] histogram);
    }

    private static Image mapChannels(Image image, Curve curve) {
        int channels = image.channels();
        Image out = Image.blank(image.width(), image.height(), channels);
        for (int c = 0; c < channels; c++) {
            int[] histogram = new int[256];
            for (int i = c; i < image.pixels().length; i += channels) {
                histogram[image.pixels()[i] & 0xFF]++;
            }
            byte[] table = table(curve.of(histogram));
            for (int i = c; i < image.pixels().length; i += channels) {
                out.pixels()[i] = table[image.pixels()[i] & 0xFF];
            }
        }
        return out;
    }

    private static Image map(Image image, IntUnaryOperator f) {
        byte[] table = table(f);
        Image out = Image.blank(image.width(), image.height(), image.channels());
        for (int i = 0; i < out.pixels().length; i++) {
            out.pixels()[i] = table[image.pixels()[i] & 0xFF];
        }
        return out;
    }

    private static byte[] table(IntUnaryOperator f) {
        byte[] table = new byte[256];
        for (int v = 0; v < 256; v++) {
            table[v] = Resize.clip(f.applyAsInt(v));
        }
        return table;
    }
}
