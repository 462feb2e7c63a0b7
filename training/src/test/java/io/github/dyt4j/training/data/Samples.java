package io.github.dyt4j.training.data;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import javax.imageio.ImageIO;

/** Small data sets that the tests write for themselves. */
final class Samples {
    private Samples() {}

    static byte[] idx(int magic, int count, int... rest) {
        return idxWith(magic, new int[] {count, rest[0], rest[1]}, count * rest[0] * rest[1], 251);
    }

    static byte[] labels(int count, int classes) {
        return idxWith(0x801, new int[] {count}, count, classes);
    }

    private static byte[] idxWith(int magic, int[] sizes, int bytes, int modulus) {
        ByteBuffer b = ByteBuffer.allocate(4 + 4 * sizes.length + bytes).putInt(magic);
        for (int s : sizes) {
            b.putInt(s);
        }
        for (int i = 0; i < bytes; i++) {
            b.put((byte) (i % modulus));
        }
        return b.array();
    }

    static byte[] gzip(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try (OutputStream gz = new GZIPOutputStream(out)) {
            gz.write(bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    static void write(Path file, byte[] bytes) {
        try {
            Files.createDirectories(file.toAbsolutePath().getParent());
            Files.write(file, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** 30 training and 10 test images of 5 x 4 in three classes. */
    static void idxFolder(Path folder, String separator, boolean gz) {
        for (String split : new String[] {"train", "t10k"}) {
            int n = split.equals("train") ? 30 : 10;
            byte[] x = idx(0x803, n, 5, 4);
            byte[] y = labels(n, 3);
            String end = "-ubyte" + (gz ? ".gz" : "");
            write(folder.resolve(split + "-images" + separator + "idx3" + end), gz ? gzip(x) : x);
            write(folder.resolve(split + "-labels" + separator + "idx1" + end), gz ? gzip(y) : y);
        }
    }

    static BufferedImage noise(int width, int height, int type, long seed) {
        BufferedImage image = new BufferedImage(width, height, type);
        Random random = new Random(seed);
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                image.setRGB(x, y, 0xFF000000 | random.nextInt(1 << 24));
            }
        }
        return image;
    }

    static byte[] encoded(BufferedImage image, String format) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        try {
            if (!ImageIO.write(image, format, out)) {
                throw new IllegalStateException("no writer for " + format);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return out.toByteArray();
    }

    /** train/ and another split, with these classes and images of 8 x 6 in each: JPEG and PNG by turns. */
    static void imageFolder(Path root, String testSplit, int each, String... classes) {
        long seed = 0;
        for (String split : new String[] {"train", testSplit}) {
            for (String c : classes) {
                for (int i = 0; i < each; i++) {
                    String format = i % 2 == 0 ? "jpg" : "png";
                    byte[] bytes = encoded(noise(8, 6, BufferedImage.TYPE_3BYTE_BGR, seed++), format);
                    write(root.resolve(split).resolve(c).resolve(i + "." + format), bytes);
                }
            }
        }
    }

    /** A data set without files, for the loader: image i is i everywhere. */
    static ImageDataset counting(int size, int width, int height) {
        return new ImageDataset() {
            @Override
            public int size() {
                return size;
            }

            @Override
            public Image image(int i) {
                Image image = Image.blank(width, height, 1);
                for (int k = 0; k < image.pixels().length; k++) {
                    image.pixels()[k] = (byte) (i + k);
                }
                return image;
            }

            @Override
            public int label(int i) {
                return i % 3;
            }

            @Override
            public java.util.List<String> classes() {
                return java.util.List.of("a", "b", "c");
            }

            @Override
            public String describe() {
                return size + " counts";
            }

            @Override
            public String name(int i) {
                return "count " + i;
            }
        };
    }
}
