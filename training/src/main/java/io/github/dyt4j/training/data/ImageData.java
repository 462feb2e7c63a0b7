package io.github.dyt4j.training.data;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A training and a test set with the same classes, and how they were found.
 *
 * @param layout what the folder looked like, one line for people
 */
public record ImageData(String layout, ImageDataset train, ImageDataset test) {
    private static final List<String> TEST_SPLITS = List.of("val", "test", "validation");
    private static final String KNOWN =
            "Known layouts: train/CLASS/*.jpg|png beside val/ or test/ with the same classes;"
                    + "\nor MNIST's four files {train,t10k}-{images-idx3,labels-idx1}-ubyte, plain or .gz.";
    private static final List<String> FASHION = List.of(
            "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot");

    /** The data in this folder, by its layout; {@link UserError} saying what was found and what is known. */
    public static ImageData open(Path folder) {
        return open(folder, false);
    }

    /**
     * The same.
     *
     * @param skipBad go on without image files that cannot be read; {@link ImageDataset#skipped()} lists them
     */
    public static ImageData open(Path folder, boolean skipBad) {
        if (!Files.isDirectory(folder)) {
            throw new UserError("The data folder " + folder
                    + (Files.exists(folder) ? " is a file, not a folder." : " does not exist.") + "\n" + KNOWN);
        }
        if (list(folder).isEmpty()) {
            throw new UserError("The data folder " + folder + " is empty.\n" + KNOWN);
        }
        return idx(folder)
                .or(() -> imageFolders(folder, skipBad))
                .orElseThrow(() -> new UserError("The layout of the data folder " + folder + " is not known: it has "
                        + some(list(folder)) + ".\n" + KNOWN));
    }

    /** 12,000 training and 2,000 test images of Fashion-MNIST (Xiao, Rasul, Vollgraf 2017), classes balanced; MIT licence, see NOTICE. */
    public static ImageData builtIn() {
        return new ImageData("the built-in subset of Fashion-MNIST", builtIn("train"), builtIn("t10k"));
    }

    private static ImageDataset builtIn(String split) {
        String images = "fashion-mnist/" + split + "-images-idx3-ubyte.gz";
        String labels = "fashion-mnist/" + split + "-labels-idx1-ubyte.gz";
        try (InputStream x = ImageData.class.getResourceAsStream(images);
                InputStream y = ImageData.class.getResourceAsStream(labels)) {
            if (x == null || y == null) {
                throw new IllegalStateException("the built-in images are missing from this build: " + images);
            }
            return IdxDataset.read(images, x, labels, y, FASHION);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    public List<String> classes() {
        return train.classes();
    }

    /** What was found, two lines for people. */
    public String describe() {
        return layout + "\ntraining: " + train.describe() + "; test: " + test.describe();
    }

    private static Optional<ImageData> idx(Path root) {
        for (String inner :
                List.of("", "raw", "MNIST/raw", "FashionMNIST/raw")) { // the latter as torchvision leaves them
            Path folder = inner.isEmpty() ? root : root.resolve(inner);
            List<Optional<Path>> found = Stream.of("train-images", "train-labels", "t10k-images", "t10k-labels")
                    .map(n -> idxFile(folder, n))
                    .toList();
            if (found.stream().allMatch(Optional::isEmpty)) {
                continue;
            }
            for (int i = 0; i < 4; i++) {
                if (found.get(i).isEmpty()) {
                    String kind = i % 2 == 0 ? "-images-idx3-ubyte" : "-labels-idx1-ubyte";
                    throw new UserError(folder + " has MNIST's IDX files, but not all four: "
                            + (i < 2 ? "train" : "t10k") + kind + " (or .gz) is missing."
                            + "\nAll of {train,t10k}-{images-idx3,labels-idx1}-ubyte are needed.");
                }
            }
            List<Path> f = found.stream().map(Optional::orElseThrow).toList();
            return Optional.of(pair(
                    "MNIST's IDX files in " + folder,
                    IdxDataset.open(f.get(0), f.get(1)),
                    IdxDataset.open(f.get(2), f.get(3))));
        }
        return Optional.empty();
    }

    private static Optional<Path> idxFile(Path folder, String name) {
        String idx = name.endsWith("images") ? "idx3" : "idx1";
        return Stream.of("-", ".")
                .flatMap(sep -> Stream.of("", ".gz").map(gz -> folder.resolve(name + sep + idx + "-ubyte" + gz)))
                .filter(Files::isRegularFile)
                .findFirst();
    }

    private static ImageData pair(String layout, IdxDataset train, IdxDataset test) {
        List<String> classes = train.classes().size() >= test.classes().size() ? train.classes() : test.classes();
        if (IntStream.range(1, train.size()).allMatch(i -> train.label(i) == train.label(0))) {
            throw new UserError(layout + " has one class only: every training label is " + train.label(0)
                    + ".\nTo tell classes apart takes at least two: check the labels file.");
        }
        return new ImageData(layout, train.withClasses(classes), test.withClasses(classes));
    }

    private static Optional<ImageData> imageFolders(Path root, boolean skipBad) {
        Path train = root.resolve("train");
        if (!Files.isDirectory(train)) {
            return Optional.empty();
        }
        if (folders(train).isEmpty()) {
            throw new UserError(train + " has no class folders: it has " + some(list(train)) + ".\n"
                    + "Put the images of each class in a folder of its own: " + train + "/CLASS/*.jpg.");
        }
        Path test = TEST_SPLITS.stream()
                .map(root::resolve)
                .filter(Files::isDirectory)
                .findFirst()
                .orElseThrow(() -> new UserError("The data folder " + root + " has train/ but no test split: it has "
                        + some(list(root)) + ".\nIt is looked for under the names " + String.join(", ", TEST_SPLITS)
                        + ", with the same class folders as train/."));
        sameClasses(train, test);
        return Optional.of(new ImageData(
                "image folders in " + root + " (train/ and " + test.getFileName() + "/)",
                ImageFolderDataset.open(train, skipBad),
                ImageFolderDataset.open(test, skipBad)));
    }

    private static void sameClasses(Path train, Path test) {
        TreeSet<String> only = new TreeSet<>(names(folders(train)));
        TreeSet<String> other = new TreeSet<>(names(folders(test)));
        List<String> common = only.stream().filter(other::contains).toList();
        only.removeAll(common);
        other.removeAll(common);
        if (!only.isEmpty() || !other.isEmpty()) {
            String a = only.isEmpty() ? "" : " Only in " + train + ": " + some(only) + ".";
            String b = other.isEmpty() ? "" : " Only in " + test + ": " + some(other) + ".";
            throw new UserError("The class folders of " + train + " and " + test + " differ.\n" + (a + b).strip()
                    + "\nGive both the same class folders.");
        }
    }

    /** The folders in a folder, by name, without hidden ones. */
    static List<Path> folders(Path folder) {
        return list(folder).stream()
                .map(folder::resolve)
                .filter(Files::isDirectory)
                .toList();
    }

    private static List<String> names(List<Path> paths) {
        return paths.stream().map(p -> p.getFileName().toString()).toList();
    }

    private static List<String> list(Path folder) {
        try (Stream<Path> s = Files.list(folder)) {
            return s.map(p -> p.getFileName().toString())
                    .filter(n -> !n.startsWith("."))
                    .sorted(Comparator.naturalOrder())
                    .toList();
        } catch (IOException e) {
            throw new UserError("Cannot read the folder " + folder + ": " + ImageDecoder.reason(e) + ".", e);
        }
    }

    private static String some(Collection<String> names) {
        List<String> all = new ArrayList<>(names);
        return all.isEmpty()
                ? "nothing"
                : String.join(", ", all.subList(0, Math.min(5, all.size())))
                        + (all.size() > 5 ? " and " + (all.size() - 5) + " more" : "");
    }
}
