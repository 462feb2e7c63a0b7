package io.github.dyt4j.training.data;

/**
 * The operations of RandAugment (Cubuk et al. 2019, section 3; the list, the ranges and the names are timm's, the samples Pillow's). A level of 0 … 10 becomes an argument;
 * "increasing" forms are those in which a higher level always means a stronger change.
 */
enum AugmentOp {
    AutoContrast,
    Equalize,
    Invert,
    Rotate,
    Posterize,
    Solarize,
    SolarizeAdd,
    Color,
    Contrast,
    Brightness,
    Sharpness,
    ShearX,
    ShearY,
    TranslateXRel,
    TranslateYRel;

    /**
     * What the level means: degrees, bits, a threshold, a factor, a slope, or a share of the side.
     *
     * @param negative the direction, where the operation has one
     */
    double argument(double level, boolean increasing, boolean negative) {
        double x = level / 10;
        double sign = negative ? -1 : 1;
        return switch (this) {
            case AutoContrast, Equalize, Invert -> 0;
            case Rotate -> sign * 30 * x;
            case Posterize -> increasing ? 4 - (int) (x * 4) : (int) (x * 4);
            case Solarize -> increasing ? 256 - Math.min(256, (int) (x * 256)) : Math.min(256, (int) (x * 256));
            case SolarizeAdd -> Math.min(128, (int) (x * 110));
            case Color, Contrast, Brightness, Sharpness ->
                increasing ? Math.max(0.1, 1 + sign * (x * 0.9)) : x * 1.8 + 0.1;
            case ShearX, ShearY -> sign * (x * 0.3);
            case TranslateXRel, TranslateYRel -> sign * (x * 0.45);
        };
    }

    /** @param fill one value a channel, for what comes from beyond the edge */
    Image apply(Image image, double v, Interpolation interpolation, int[] fill) {
        return switch (this) {
            case AutoContrast -> Photometric.autoContrast(image);
            case Equalize -> Photometric.equalize(image);
            case Invert -> Photometric.invert(image);
            case Posterize -> Photometric.posterize(image, (int) v);
            case Solarize -> Photometric.solarize(image, (int) v);
            case SolarizeAdd -> Photometric.solarizeAdd(image, (int) v);
            case Color -> Photometric.color(image, v);
            case Contrast -> Photometric.contrast(image, v);
            case Brightness -> Photometric.brightness(image, v);
            case Sharpness -> Photometric.sharpness(image, v);
            case Rotate ->
                v % 360 == 0
                        ? image
                        : Affine.rotation(v, image.width(), image.height()).apply(image, interpolation, fill);
            case ShearX -> new Affine(1, v, 0, 0, 1, 0).apply(image, interpolation, fill);
            case ShearY -> new Affine(1, 0, 0, v, 1, 0).apply(image, interpolation, fill);
            case TranslateXRel -> new Affine(1, 0, v * image.width(), 0, 1, 0).apply(image, interpolation, fill);
            case TranslateYRel -> new Affine(1, 0, 0, 0, 1, v * image.height()).apply(image, interpolation, fill);
        };
    }
}
