package io.github.dyt4j.training.data;

import java.util.Arrays;

/**
 * Mixing of a batch x (N, C, H, W) with itself in reverse order, x' = x.flip(0), by timm's rules in its mode "batch".
 * Mixup (Zhang et al. 2018): {@code λ·x + (1-λ)·x'}, λ ~ Beta(α, α). CutMix (Yun et al. 2019, section 3.1): a box of x' replaces that of x, whose sides are
 * {@code √(1-λ)} of the image's, with its centre uniform in the image; λ is then 1 minus the share of the box after clipping.
 * Targets: {@code λ·y + (1-λ)·y'}, with label smoothing s: y = s/K off and 1 - s + s/K on the class (Szegedy et al. 2016, section 7).
 *
 * @param mixupAlpha 0 = no mixup
 * @param cutmixAlpha 0 = no cutmix
 * @param probability that a batch is mixed at all
 * @param switchProbability of cutmix where both are on
 * @param smoothing s
 * @param classes K
 * @param offEpoch from this epoch on nothing is mixed (smoothing stays); 0 = never
 */
public record Mixup(
        double mixupAlpha,
        double cutmixAlpha,
        double probability,
        double switchProbability,
        double smoothing,
        int classes,
        int offEpoch) {

    /** Label smoothing alone. */
    public static Mixup smoothing(double smoothing, int classes) {
        return new Mixup(0, 0, 0, 0, smoothing, classes, 0);
    }

    /** A draw: λ, and whether it is cutmix. λ = 1 leaves the batch alone. */
    record Draw(double lambda, boolean cutmix) {}

    /** Rows top … bottom-1 and columns left … right-1. */
    record Box(int top, int bottom, int left, int right) {
        double share(int height, int width) {
            return (bottom - top) * (right - left) / ((double) height * width);
        }
    }

    /** Mixes the pixels where they are and returns the targets (N, K). */
    float[] apply(float[] pixels, int[] labels, int channels, int height, int width, int epoch, Rng rng) {
        Draw draw = draw(epoch, rng);
        double lambda = draw.lambda;
        int n = labels.length;
        if (draw.cutmix && lambda < 1) {
            Box box = box(lambda, height, width, rng.nextInt(height), rng.nextInt(width));
            cut(pixels, n, channels, height, width, box);
            lambda = 1 - box.share(height, width);
        } else if (lambda < 1) {
            blend(pixels, n, lambda);
        }
        return targets(labels, lambda);
    }

    Draw draw(int epoch, Rng rng) {
        boolean on = (mixupAlpha > 0 || cutmixAlpha > 0) && (offEpoch == 0 || epoch < offEpoch);
        if (!on || !rng.chance(probability)) {
            return new Draw(1, false);
        }
        boolean cutmix = cutmixAlpha > 0 && (mixupAlpha == 0 || rng.chance(switchProbability));
        return new Draw(rng.beta(cutmix ? cutmixAlpha : mixupAlpha), cutmix);
    }

    /** The box about (y, x), clipped to the image. */
    static Box box(double lambda, int height, int width, int y, int x) {
        double ratio = Math.sqrt(1 - lambda);
        int h = (int) (height * ratio);
        int w = (int) (width * ratio);
        return new Box(
                Math.max(y - h / 2, 0),
                Math.min(y + (h + 1) / 2, height),
                Math.max(x - w / 2, 0),
                Math.min(x + (w + 1) / 2, width));
    }

    static void cut(float[] pixels, int n, int channels, int height, int width, Box box) {
        for (int i = 0, j = n - 1; i < j; i++, j--) {
            for (int c = 0; c < channels; c++) {
                for (int y = box.top; y < box.bottom; y++) {
                    int a = ((i * channels + c) * height + y) * width;
                    int b = ((j * channels + c) * height + y) * width;
                    for (int x = box.left; x < box.right; x++) {
                        float swap = pixels[a + x];
                        pixels[a + x] = pixels[b + x];
                        pixels[b + x] = swap;
                    }
                }
            }
        }
    }

    static void blend(float[] pixels, int n, double lambda) {
        int size = pixels.length / Math.max(n, 1);
        float l = (float) lambda;
        float m = (float) (1 - lambda);
        for (int i = 0; i < (n + 1) / 2; i++) {
            int a = i * size;
            int b = (n - 1 - i) * size;
            for (int k = 0; k < size; k++) {
                float p = pixels[a + k];
                float q = pixels[b + k];
                pixels[a + k] = p * l + q * m;
                pixels[b + k] = q * l + p * m;
            }
        }
    }

    float[] targets(int[] labels, double lambda) {
        int n = labels.length;
        float off = (float) (smoothing / classes);
        float on = (float) (1 - smoothing + smoothing / classes);
        float l = (float) lambda;
        float m = (float) (1 - lambda);
        float[] out = new float[n * classes]; // (N, K)
        for (int i = 0; i < n; i++) {
            Arrays.fill(out, i * classes, (i + 1) * classes, off * l + off * m);
            int a = labels[i];
            int b = labels[n - 1 - i];
            out[i * classes + a] = on * l + (a == b ? on : off) * m;
            out[i * classes + b] = (a == b ? on : off) * l + on * m;
        }
        return out;
    }
}
