package io.github.dyt4j.training.data;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One split of an image folder: {@code SPLIT/CLASS/FILE}, classes and files sorted by name (torchvision's ImageFolder), decoded when asked for and kept while they take less than an eighth of
 * the heap. Hidden
 * files are passed over.
 */
public final class ImageFolderDataset implements ImageDataset {
    private static final List<String> EXTENSIONS = List.of("jpg", "jpeg", "jpe", "jfif", "png", "gif", "bmp");
    private static final Set<String> CLUTTER = Set.of("thumbs.db", "desktop.ini");
    private static final String REMEDY = "\nReplace it or take it away, or go on without such files with --skip-bad.";

    private final Path folder;
    private final List<String> classes;
    private final List<Path> files;
    private final int[] labels;
    private final boolean skipBad;
    private final Map<Path, String> bad;
    private final AtomicReferenceArray<@Nullable Image> kept;
    private final AtomicLong room = new AtomicLong(Runtime.getRuntime().maxMemory() / 8);

    private ImageFolderDataset(
            Path folder, List<String> classes, List<Path> files, int[] labels, boolean skipBad, Map<Path, String> bad) {
        this.folder = folder;
        this.classes = classes;
        this.files = files;
        this.labels = labels;
        this.skipBad = skipBad;
        this.bad = bad;
        this.kept = new AtomicReferenceArray<>(files.size());
    }

    /**
     * Lists the files; none is decoded yet.
     *
     * @param skipBad go on without files that are empty or no images, now and when they are decoded; else the first is an error
     */
    public static ImageFolderDataset open(Path folder, boolean skipBad) {
        try {
            List<String> classes = new ArrayList<>();
            List<Path> files = new ArrayList<>();
            List<Integer> labels = new ArrayList<>();
            Map<Path, String> bad = new ConcurrentSkipListMap<>();
            for (Path classFolder : ImageData.folders(folder)) {
                int before = files.size() + bad.size();
                for (Path file : sorted(classFolder)) {
                    Optional<String> fault = fault(file);
                    if (fault.isPresent() && !skipBad) {
                        throw new UserError(file + " " + fault.get() + "." + REMEDY);
                    }
                    if (fault.isPresent()) {
                        bad.put(file, fault.get());
                    } else {
                        files.add(file);
                        labels.add(classes.size());
                    }
                }
                if (files.size() + bad.size() == before) {
                    throw new UserError("The class folder " + classFolder + " is empty."
                            + "\nPut its images (" + String.join(", ", EXTENSIONS)
                            + ") there, or remove the folder.");
                }
                classes.add(classFolder.getFileName().toString());
            }
            if (classes.size() == 1) {
                throw new UserError("%s has one class only, '%s'; to tell classes apart takes at least two."
                                .formatted(folder, classes.getFirst())
                        + "\nMake one folder a class: " + folder + "/CLASS/*.jpg.");
            }
            if (files.isEmpty()) {
                throw new UserError(folder + " has no image that can be read (" + bad.size() + " files left out).");
            }
            int[] y = labels.stream().mapToInt(Integer::intValue).toArray();
            return new ImageFolderDataset(folder, List.copyOf(classes), List.copyOf(files), y, skipBad, bad);
        } catch (IOException e) {
            throw new UserError("Cannot read the folder " + folder + ": " + ImageDecoder.reason(e) + ".", e);
        }
    }

    /** What can be told without decoding: wrong extension, zero bytes. */
    private static Optional<String> fault(Path file) throws IOException {
        String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
        if (!EXTENSIONS.contains(name.substring(name.lastIndexOf('.') + 1))) {
            return Optional.of("is not an image (" + String.join(", ", EXTENSIONS) + ")");
        }
        try {
            return Files.size(file) == 0 ? Optional.of("is empty (zero bytes)") : Optional.empty();
        } catch (NoSuchFileException e) {
            return Optional.of("is a link to a file that does not exist");
        }
    }

    private static List<Path> sorted(Path classFolder) throws IOException {
        try (Stream<Path> s = Files.list(classFolder)) {
            return s.filter(f -> !Files.isDirectory(f))
                    .filter(f -> !f.getFileName().toString().startsWith("."))
                    .filter(f -> !CLUTTER.contains(f.getFileName().toString().toLowerCase(Locale.ROOT)))
                    .sorted()
                    .toList();
        }
    }

    @Override
    public int size() {
        return files.size();
    }

    @Override
    public Image image(int i) {
        try {
            return decoded(i);
        } catch (IOException e) {
            throw new UserError(files.get(i) + " " + clause(e) + "." + REMEDY, e);
        }
    }

    @Override
    public Optional<Image> tryImage(int i) {
        if (!skipBad) {
            return Optional.of(image(i));
        }
        Path file = files.get(i);
        if (bad.containsKey(file)) {
            return Optional.empty();
        }
        try {
            return Optional.of(decoded(i));
        } catch (IOException e) {
            bad.put(file, clause(e));
            return Optional.empty();
        }
    }

    private Image decoded(int i) throws IOException {
        Image image = kept.get(i);
        if (image == null) {
            image = ImageDecoder.decode(files.get(i));
            if (room.get() > 0 && room.addAndGet(-image.pixels().length) > 0) {
                kept.set(i, image);
            }
        }
        return image;
    }

    private static String clause(IOException e) {
        String m = ImageDecoder.reason(e);
        return m.startsWith("is ") ? m : "cannot be decoded (" + m + ")";
    }

    @Override
    public List<String> skipped() {
        return bad.entrySet().stream().map(e -> e.getKey() + " " + e.getValue()).toList();
    }

    @Override
    public int label(int i) {
        return labels[i];
    }

    @Override
    public List<String> classes() {
        return classes;
    }

    @Override
    public String name(int i) {
        return files.get(i).toString();
    }

    @Override
    public String describe() {
        return "%d images in %d class folders of %s".formatted(size(), classes.size(), folder)
                + (bad.isEmpty() ? "" : ", " + bad.size() + " files left out");
    }
}
