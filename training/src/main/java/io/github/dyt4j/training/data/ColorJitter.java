package io.github.dyt4j.training.data;

import java.util.List;

/**
 * Brightness, contrast and saturation by factors uniform in [max(0, 1 − v), 1 + v], hue by a part of the colour circle uniform in [−v, v], in a random order
 * (torchvision's ColorJitter on PIL images).
 */
record ColorJitter(double brightness, double contrast, double saturation, double hue) implements Transform {
    @Override
    public Image apply(Image image, Rng rng) {
        double towardsBlack = factor(brightness, rng);
        double towardsMean = factor(contrast, rng);
        double towardsGrey = factor(saturation, rng);
        double turn = rng.uniform(-hue, hue);
        List<Transform> steps = List.of(
                (x, _) -> Photometric.brightness(x, towardsBlack),
                (x, _) -> Photometric.contrast(x, towardsMean),
                (x, _) -> Photometric.color(x, towardsGrey),
                (x, _) -> Hue.shift(x, turn));
        Image x = image;
        for (int i : rng.permutation(steps.size())) {
            x = steps.get(i).apply(x, rng);
        }
        return x;
    }

    private static double factor(double strength, Rng rng) {
        return rng.uniform(Math.max(0, 1 - strength), 1 + strength);
    }
}
