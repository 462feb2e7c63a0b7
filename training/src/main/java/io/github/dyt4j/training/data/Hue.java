package io.github.dyt4j.training.data;

/** Colours turned on the colour circle by way of Pillow's HSV of bytes, to the bit (torchvision's adjust_hue). */
final class Hue {
    private Hue() {}

    /** @param turn in circles, in [−0.5, 0.5]; grey images have no hue */
    static Image shift(Image image, double turn) {
        if (image.channels() == 1) {
            return image;
        }
        int by = (int) (turn * 255);
        Image out = Image.blank(image.width(), image.height(), 3);
        for (int i = 0; i < out.pixels().length; i += 3) {
            shift(image.pixels(), out.pixels(), i, by);
        }
        return out;
    }

    private static void shift(byte[] in, byte[] out, int i, int by) {
        int r = in[i] & 0xFF;
        int g = in[i + 1] & 0xFF;
        int b = in[i + 2] & 0xFF;
        int value = Math.max(r, Math.max(g, b));
        int low = Math.min(r, Math.min(g, b));
        int hue = 0;
        int saturation = 0;
        if (low < value) {
            float range = value - low;
            saturation = Resize.clip((int) (range / value * 255.0)) & 0xFF;
            hue = hue(r, g, b, value, range);
        }
        colour(hue + by & 0xFF, saturation, value, out, i);
    }

    /** In floats and doubles by turns where Pillow's C is. */
    private static int hue(int r, int g, int b, int value, float range) {
        float red = (value - r) / range;
        float green = (value - g) / range;
        float blue = (value - b) / range;
        float sixth = r == value ? blue - green : (float) (g == value ? 2.0 + red - blue : 4.0 + green - red);
        float circle = (float) ((sixth / 6.0 + 1.0) % 1.0);
        return Resize.clip((int) (circle * 255.0)) & 0xFF;
    }

    private static void colour(int hue, int saturation, int value, byte[] out, int i) {
        if (saturation == 0) {
            set(out, i, value, value, value);
            return;
        }
        double sixths = hue * 6.0 / 255.0;
        int sector = (int) sixths;
        float rest = (float) (sixths - sector);
        float s = (float) (saturation / 255.0);
        int p = rounded(value * (1.0 - s));
        int q = rounded(value * (1.0 - s * rest));
        int t = rounded(value * (1.0 - s * (1.0 - rest)));
        switch (sector % 6) {
            case 0 -> set(out, i, value, t, p);
            case 1 -> set(out, i, q, value, p);
            case 2 -> set(out, i, p, value, t);
            case 3 -> set(out, i, p, q, value);
            case 4 -> set(out, i, t, p, value);
            default -> set(out, i, value, p, q);
        }
    }

    private static int rounded(double v) {
        return (int) Math.floor(v + 0.5); // never negative here
    }

    private static void set(byte[] out, int i, int r, int g, int b) {
        out[i] = (byte) r;
        out[i + 1] = (byte) g;
        out[i + 2] = (byte) b;
    }
}
