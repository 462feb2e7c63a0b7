package io.github.dyt4j.training.data;

import io.github.dyt4j.formats.UserError;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * MNIST's format (LeCun, "The MNIST database"): a big-endian magic number (0x803 for images, 0x801 for labels), the sizes, then unsigned bytes; plain or
 * gzip. The whole set is held in memory.
 */
public final class IdxDataset implements ImageDataset {
    private static final int IMAGES = 0x803;
    private static final int LABELS = 0x801;
    private static final long LARGEST = 1L << 30;

    private final String source;
    private final int height;
    private final int width;
    private final byte[] pixels;
    private final byte[] labels;
    private final List<String> classes;

    private IdxDataset(String source, Idx images, byte[] labels, List<String> classes) {
        this.source = source;
        this.height = images.height;
        this.width = images.width;
        this.pixels = images.bytes;
        this.labels = labels;
        this.classes = classes;
    }

    public static IdxDataset open(Path images, Path labels) {
        try (InputStream i = Files.newInputStream(images);
                InputStream l = Files.newInputStream(labels)) {
            return read(images.toString(), i, labels.toString(), l, List.of());
        } catch (IOException e) {
            throw new UserError("Cannot read " + images + " or " + labels + ": " + ImageDecoder.reason(e) + ".", e);
        }
    }

    /** Reads both streams to their ends; without class names they are the numbers 0 … largest label. */
    static IdxDataset read(
            String imagesName, InputStream images, String labelsName, InputStream labels, List<String> classes) {
        Idx x = Idx.read(imagesName, images, IMAGES);
        Idx y = Idx.read(labelsName, labels, LABELS);
        if (x.count != y.count) {
            throw new UserError("%s has %d images but %s has %d labels: the two files do not belong together."
                            .formatted(imagesName, x.count, labelsName, y.count)
                    + "\nTake both from the same download.");
        }
        int largest = IntStream.range(0, y.bytes.length)
                .map(i -> y.bytes[i] & 0xFF)
                .max()
                .orElse(0);
        if (!classes.isEmpty() && largest >= classes.size()) {
            throw new UserError("%s has the label %d, but there are only %d classes, 0 to %d."
                    .formatted(labelsName, largest, classes.size(), classes.size() - 1));
        }
        List<String> names = classes.isEmpty()
                ? IntStream.rangeClosed(0, largest).mapToObj(Integer::toString).toList()
                : classes;
        return new IdxDataset(imagesName, x, y.bytes, names);
    }

    IdxDataset withClasses(List<String> names) {
        return new IdxDataset(source, new Idx(labels.length, height, width, pixels), labels, names);
    }

    @Override
    public int size() {
        return labels.length;
    }

    @Override
    public Image image(int i) {
        int n = width * height;
        return new Image(width, height, 1, Arrays.copyOfRange(pixels, i * n, (i + 1) * n));
    }

    @Override
    public int label(int i) {
        return labels[i] & 0xFF;
    }

    @Override
    public List<String> classes() {
        return classes;
    }

    @Override
    public String name(int i) {
        return "image " + i + " of " + source;
    }

    @Override
    public String describe() {
        return "%d grey images of %d x %d, %d classes".formatted(size(), height, width, classes.size());
    }

    /** One file: labels have height and width 1. */
    @SuppressWarnings("ArrayRecordComponent")
    private record Idx(int count, int height, int width, byte[] bytes) {
        static Idx read(String name, InputStream raw, int wanted) {
            String kind = wanted == IMAGES ? "images" : "labels";
            try {
                InputStream in = unzipped(raw);
                byte[] head = in.readNBytes(wanted == IMAGES ? 16 : 8);
                ByteBuffer h = ByteBuffer.wrap(head);
                int magic = head.length >= 4 ? h.getInt() : -1;
                if (head.length >= 4 && magic != wanted) {
                    throw new UserError("%s is not an IDX file of %s: it begins with 0x%08x, not 0x%08x."
                                    .formatted(name, kind, magic, wanted)
                            + (magic == IMAGES || magic == LABELS
                                    ? "\nImages and labels seem to be swapped: check the names."
                                    : "\nDownload it again."));
                }
                if (head.length < (wanted == IMAGES ? 16 : 8)) {
                    throw truncated(name, "its header is cut off after " + head.length + " bytes");
                }
                int count = h.getInt();
                int height = wanted == IMAGES ? h.getInt() : 1;
                int width = wanted == IMAGES ? h.getInt() : 1;
                return body(name, kind, in, count, height, width);
            } catch (EOFException e) {
                throw truncated(name, "its gzip stream ends too early");
            } catch (ZipException e) {
                throw new UserError(name + " is damaged (" + e.getMessage() + "): download it again.", e);
            } catch (IOException e) {
                throw new UserError("Cannot read " + name + ": " + ImageDecoder.reason(e) + ".", e);
            }
        }

        private static Idx body(String name, String kind, InputStream in, int count, int height, int width)
                throws IOException {
            boolean sane = count > 0 && height > 0 && width > 0 && height <= 1 << 14 && width <= 1 << 14;
            long wanted = (long) count * height * width;
            if (!sane || wanted > LARGEST) {
                throw new UserError("%s says that it holds %d %s of %d x %d; 1 byte to %d MB can be read."
                                .formatted(name, count, kind, height, width, LARGEST >> 20)
                        + "\nThe file is damaged, or it is not an IDX file: download it again.");
            }
            byte[] bytes = in.readNBytes((int) wanted);
            if (bytes.length < wanted) {
                throw truncated(
                        name,
                        "its header promises %d %s, but only %d are there"
                                .formatted(count, kind, bytes.length / (height * width)));
            }
            if (in.read() >= 0) {
                throw new UserError(
                        "%s goes on after the %d %s that its header promises: the count is wrong or the file is damaged."
                                        .formatted(name, count, kind)
                                + "\nDownload it again.");
            }
            return new Idx(count, height, width, bytes);
        }

        /** gzip is known by its first two bytes, not by the name: unpacked files often keep the ".gz" and the other way round. */
        private static InputStream unzipped(InputStream raw) throws IOException {
            BufferedInputStream in = new BufferedInputStream(raw, 1 << 16);
            in.mark(2);
            byte[] two = in.readNBytes(2);
            in.reset();
            boolean gzip = two.length == 2 && (two[0] & 0xFF) == 0x1F && (two[1] & 0xFF) == 0x8B;
            return gzip ? new GZIPInputStream(in, 1 << 16) : in;
        }

        private static UserError truncated(String name, String how) {
            return new UserError(name + " is truncated: " + how + ".\nDownload it again.");
        }
    }
}
