package io.github.dyt4j.training.data;

import java.util.Arrays;

/** {@code (v / 255 - mean[c]) / std[c]} in f32 in this order (torchvision's ToTensor and Normalize), HWC bytes to CHW floats. */
public final class Normalize {
    private final float[][] table; // (C, 256): a byte has no more values than that

    public Normalize(double[] mean, double[] std) {
        if (mean.length != std.length) {
            throw new IllegalArgumentException(mean.length + " means and " + std.length + " standard deviations");
        }
        table = new float[mean.length][256];
        for (int c = 0; c < mean.length; c++) {
            for (int v = 0; v < 256; v++) {
                table[c][v] = (v / 255f - (float) mean[c]) / (float) std[c];
            }
        }
    }

    /** The same mean and standard deviation for every channel. */
    public static Normalize same(int channels, double mean, double std) {
        double[] means = new double[channels];
        double[] stds = new double[channels];
        Arrays.fill(means, mean);
        Arrays.fill(stds, std);
        return new Normalize(means, stds);
    }

    public int channels() {
        return table.length;
    }

    void apply(Image image, float[] out, int offset) {
        int channels = table.length;
        byte[] pixels = image.pixels();
        int plane = image.width() * image.height();
        for (int c = 0; c < channels; c++) {
            float[] value = table[c];
            int to = offset + c * plane;
            for (int i = 0, from = c; i < plane; i++, from += channels) {
                out[to + i] = value[pixels[from] & 0xFF];
            }
        }
    }
}
