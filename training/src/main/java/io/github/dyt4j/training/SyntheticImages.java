package io.github.dyt4j.training;

import io.github.dyt4j.training.data.Image;
import io.github.dyt4j.training.data.ImageData;
import io.github.dyt4j.training.data.ImageDataset;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** Noise with labels, where a recipe is tried without its data. */
record SyntheticImages(int size, int side, int channels, List<String> classes) implements ImageDataset {
    static ImageData data(int size, int side, int channels, int classes) {
        List<String> names =
                IntStream.range(0, classes).mapToObj(Integer::toString).toList();
        SyntheticImages images = new SyntheticImages(size, side, channels, names);
        return new ImageData("synthetic images", images, images);
    }

    @Override
    public Image image(int i) {
        byte[] pixels = new byte[side * side * channels];
        new Random(i).nextBytes(pixels);
        return new Image(side, side, channels, pixels);
    }

    @Override
    public int label(int i) {
        return i % classes.size();
    }

    @Override
    public String describe() {
        return "noise of %d x %d x %d, %d classes".formatted(channels, side, side, classes.size());
    }

    @Override
    public String name(int i) {
        return "synthetic image " + i;
    }
}
