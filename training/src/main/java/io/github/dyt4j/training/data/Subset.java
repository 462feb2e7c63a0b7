package io.github.dyt4j.training.data;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Some of a data set's images, in this order; the classes stay. */
@SuppressWarnings("ArrayRecordComponent")
public record Subset(ImageDataset all, int[] places) implements ImageDataset {
    private static final long DRAW = 0x5B5E7L;

    /** As many of them, drawn without repetition and always the same; all of them where they are not more, or {@code count} is 0. */
    public static ImageDataset of(ImageDataset all, int count) {
        return count == 0 || count >= all.size()
                ? all
                : new Subset(all, Arrays.copyOf(Rng.of(DRAW, 0, 0).permutation(all.size()), count));
    }

    @Override
    public int size() {
        return places.length;
    }

    @Override
    public Image image(int i) {
        return all.image(places[i]);
    }

    @Override
    public Optional<Image> tryImage(int i) {
        return all.tryImage(places[i]);
    }

    @Override
    public int label(int i) {
        return all.label(places[i]);
    }

    @Override
    public List<String> classes() {
        return all.classes();
    }

    @Override
    public String describe() {
        return places.length + " of " + all.describe();
    }

    @Override
    public String name(int i) {
        return all.name(places[i]);
    }

    @Override
    public List<String> skipped() {
        return all.skipped();
    }
}
