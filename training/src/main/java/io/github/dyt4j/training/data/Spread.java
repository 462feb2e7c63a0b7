package io.github.dyt4j.training.data;

import java.util.List;
import java.util.Optional;

/**
 * Some of the images of a data set, evenly spread over it: image i is number ⌊i·N/size⌋, so that of images in order of their classes each class keeps
 * its share.
 */
public record Spread(ImageDataset of, int size) implements ImageDataset {
    public Spread {
        size = Math.min(size, of.size());
    }

    private int place(int i) {
        return (int) ((long) i * of.size() / size);
    }

    @Override
    public Image image(int i) {
        return of.image(place(i));
    }

    @Override
    public Optional<Image> tryImage(int i) {
        return of.tryImage(place(i));
    }

    @Override
    public int label(int i) {
        return of.label(place(i));
    }

    @Override
    public List<String> classes() {
        return of.classes();
    }

    @Override
    public String describe() {
        return size + " of " + of.describe();
    }

    @Override
    public String name(int i) {
        return of.name(place(i));
    }

    @Override
    public List<String> skipped() {
        return of.skipped();
    }
}
