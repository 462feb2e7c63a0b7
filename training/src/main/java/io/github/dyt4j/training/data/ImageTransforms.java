package io.github.dyt4j.training.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What a recipe says of transforms, in timm's words and with its meaning, as the two pipelines: training = random resized crop, flip, RandAugment,
 * normalise, erase; evaluation = resize to ⌊imgSize / cropPct⌋, centre crop, normalise.
 *
 * @param channels of the model's input, 1 or 3
 * @param mean one value a channel, or one for all; null: ImageNet's, or 0.5 for grey
 * @param std likewise
 * @param scale two numbers: smallest and largest area of the crop; [1, 1] with ratio [1, 1] takes square images as they are
 * @param aa RandAugment in timm's text, or null
 * @param reprob probability of random erasing, with noise a pixel
 */
public record ImageTransforms(
        int imgSize,
        int channels,
        @Nullable List<Double> mean,
        @Nullable List<Double> std,
        Interpolation interpolation,
        List<Double> scale,
        List<Double> ratio,
        double hflip,
        @Nullable String aa,
        double reprob,
        double cropPct) {
    private static final List<Double> IMAGENET_MEAN = List.of(0.485, 0.456, 0.406);
    private static final List<Double> IMAGENET_STD = List.of(0.229, 0.224, 0.225);
    private static final List<Double> HALF = List.of(0.5);

    public ImageTransforms {
        mean = perChannel(mean, channels == 3 ? IMAGENET_MEAN : HALF, channels, "mean");
        std = perChannel(std, channels == 3 ? IMAGENET_STD : HALF, channels, "std");
    }

    private static List<Double> perChannel(@Nullable List<Double> given, List<Double> usual, int channels, String key) {
        List<Double> v = given == null ? usual : given;
        if (v.size() != 1 && v.size() != channels) {
            throw new io.github.dyt4j.formats.UserError(
                    "%s has %d values, but the images have %d channels: give one for all, or %d."
                            .formatted(key, v.size(), channels, channels));
        }
        return v.size() == channels ? List.copyOf(v) : Collections.nCopies(channels, v.getFirst());
    }

    public Pipeline training() {
        List<Transform> t = new ArrayList<>();
        t.add(new RandomResizedCrop(imgSize, scale.get(0), scale.get(1), ratio.get(0), ratio.get(1), interpolation));
        if (hflip > 0) {
            t.add(new Transform.HorizontalFlip(hflip));
        }
        if (aa != null) {
            List<Integer> fill = means().stream()
                    .map(m -> (int) Math.clamp(Math.rint(255 * m), 0, 255))
                    .toList();
            t.add(RandAugment.parse(aa, interpolation, fill));
        }
        RandomErasing erasing = reprob > 0 ? RandomErasing.of(reprob, RandomErasing.Mode.PIXEL, 1) : null;
        return new Pipeline(channels, imgSize, imgSize, t, normalize(), erasing);
    }

    public Pipeline evaluation() {
        int larger = (int) Math.floor(imgSize / cropPct);
        List<Transform> t = List.of(new Resize(larger, interpolation), new CenterCrop(imgSize));
        return new Pipeline(channels, imgSize, imgSize, t, normalize(), null);
    }

    private List<Double> means() {
        return java.util.Objects.requireNonNull(mean);
    }

    Normalize normalize() {
        double[] s = java.util.Objects.requireNonNull(std).stream()
                .mapToDouble(Double::doubleValue)
                .toArray();
        return new Normalize(means().stream().mapToDouble(Double::doubleValue).toArray(), s);
    }
}
