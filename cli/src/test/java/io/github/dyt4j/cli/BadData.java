package io.github.dyt4j.cli;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import javax.imageio.ImageIO;

/** Data folders with one thing wrong each, made small: eight images of 8 x 8 in two classes, for training and for test. */
final class BadData {
    private static final int SIDE = 8;

    private final Path root;

    BadData(Path root) {
        this.root = root;
    }

    /** A good folder of images under this name. */
    Path images(String name) {
        for (String split : new String[] {"train", "val"}) {
            for (int i = 0; i < 8; i++) {
                write(name + "/" + split + "/" + (i < 4 ? "cat" : "dog") + "/" + i + ".png", png(i));
            }
        }
        return root.resolve(name);
    }

    /** A good folder of images and one more file among the cats. */
    Path imagesAnd(String name, String file, byte[] content) {
        Path folder = images(name);
        write(name + "/train/cat/" + file, content);
        return folder;
    }

    Path oneClass(String name) {
        write(name + "/train/cat/0.png", png(0));
        write(name + "/val/cat/0.png", png(0));
        return root.resolve(name);
    }

    /** MNIST's four files; {@code magic} and {@code count} are what the header of the training images says of eight. */
    Path idx(String name, int magic, int count) {
        for (String split : new String[] {"train", "t10k"}) {
            boolean train = split.equals("train");
            ByteBuffer images = ByteBuffer.allocate(16 + 8 * SIDE * SIDE);
            images.putInt(train ? magic : 0x803)
                    .putInt(train ? count : 8)
                    .putInt(SIDE)
                    .putInt(SIDE);
            write(name + "/" + split + "-images-idx3-ubyte", images.array());
            ByteBuffer labels = ByteBuffer.allocate(8 + 8).putInt(0x801).putInt(8);
            labels.put(new byte[] {0, 1, 0, 1, 0, 1, 0, 1});
            write(name + "/" + split + "-labels-idx1-ubyte", labels.array());
        }
        return root.resolve(name);
    }

    static byte[] png(int seed) {
        BufferedImage image = new BufferedImage(SIDE, SIDE, BufferedImage.TYPE_3BYTE_BGR);
        for (int i = 0; i < SIDE * SIDE; i++) {
            image.setRGB(i % SIDE, i / SIDE, (seed + 1) * 0x010305 * i);
        }
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try {
            ImageIO.write(image, "png", bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    static byte[] half(byte[] whole) {
        return Arrays.copyOf(whole, whole.length / 2);
    }

    Path write(String name, byte[] content) {
        try {
            Path file = root.resolve(name);
            Files.createDirectories(file.getParent());
            return Files.write(file, content);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
