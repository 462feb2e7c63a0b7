package io.github.dyt4j.training.data;

import java.util.List;
import java.util.Optional;

/** Labelled images by number. Safe to read from many threads. */
public interface ImageDataset {
    int size();

    /** Image i; {@link io.github.dyt4j.formats.UserError} naming the file when it cannot be read. */
    Image image(int i);

    /** The class of image i, an index into {@link #classes()}. */
    int label(int i);

    List<String> classes();

    /** One line for people, as "60000 grey images of 28 x 28, 10 classes". */
    String describe();

    /** Where image i comes from, as an error would name it. */
    String name(int i);

    /** Image i, or nothing where it cannot be read and the data set was opened to go on without such files. */
    default Optional<Image> tryImage(int i) {
        return Optional.of(image(i));
    }

    /** The files that were left out so far, each with its reason. */
    default List<String> skipped() {
        return List.of();
    }
}
