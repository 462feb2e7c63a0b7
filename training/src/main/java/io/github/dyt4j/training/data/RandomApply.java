package io.github.dyt4j.training.data;

/** A step that is taken with this probability (torchvision's RandomApply). */
record RandomApply(double probability, Transform step) implements Transform {
    @Override
    public Image apply(Image image, Rng rng) {
        return rng.chance(probability) ? step.apply(image, rng) : image;
    }
}
