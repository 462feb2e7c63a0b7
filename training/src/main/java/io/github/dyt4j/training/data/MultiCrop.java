package io.github.dyt4j.training.data;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * DINO's crops of an image (Caron et al. 2021, section 3.1 and the authors' program; the changes of colour are BYOL's, Grill et al. 2020): two of the full size
 * and some smaller ones. Each is a random resized crop, a flip, colour jitter (0.4, 0.4, 0.2, 0.1) with probability 0.8 and grey with 0.2; then a Gaussian
 * blur of radius 0.1 to 2 always, with probability 0.1, or with 0.5 (first, second, small), and of the second solarisation with 0.2; then normalised. The
 * radius is the authors' at 224 pixels or more; below, where it would wipe out the image, it shrinks with the full crops' size.
 *
 * @param transforms size, channels, normalisation, filter, aspect and flip of the full crops
 * @param globalScale smallest and largest area of the full crops, as a share of the image
 * @param locals how many smaller ones there are
 * @param localScale the areas of these
 * @param localSize their side in pixels
 */
public record MultiCrop(
        ImageTransforms transforms, List<Double> globalScale, int locals, List<Double> localScale, int localSize) {
    private static final double AUTHORS_SIZE = 224;
    private static final Transform SOLARIZE = (image, _) -> Photometric.solarize(image, 128);
    private static final Transform GREY = (image, _) -> image.withChannels(1).withChannels(image.channels());

    /** The two full crops, then the smaller ones. */
    public List<Pipeline> views() {
        int size = transforms.imgSize();
        double share = Math.min(1, size / AUTHORS_SIZE);
        Transform blur = new GaussianBlur(0.1 * share, 2 * share);
        List<Pipeline> views = new ArrayList<>();
        views.add(view(size, globalScale, List.of(blur)));
        views.add(view(size, globalScale, List.of(new RandomApply(0.1, blur), new RandomApply(0.2, SOLARIZE))));
        views.addAll(Collections.nCopies(locals, view(localSize, localScale, List.of(new RandomApply(0.5, blur)))));
        return views;
    }

    private Pipeline view(int size, List<Double> scale, List<Transform> last) {
        List<Double> ratio = transforms.ratio();
        List<Transform> t = new ArrayList<>();
        t.add(new RandomResizedCrop(
                size, scale.get(0), scale.get(1), ratio.get(0), ratio.get(1), transforms.interpolation()));
        t.add(new Transform.HorizontalFlip(transforms.hflip()));
        t.add(new RandomApply(0.8, new ColorJitter(0.4, 0.4, 0.2, 0.1)));
        t.add(new RandomApply(0.2, GREY));
        t.addAll(last);
        return new Pipeline(transforms.channels(), size, size, t, transforms.normalize(), null);
    }
}
