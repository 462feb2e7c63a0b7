package io.github.dyt4j.training.data;

import java.util.Arrays;

/**
 * A decoded image: {@code pixels[(y * width + x) * channels + c]}, unsigned bytes (HWC), 1 (grey) or 3 (RGB) channels.
 * Nobody writes to the pixels of an image that he did not make.
 */
@SuppressWarnings("ArrayRecordComponent") // the array is the point: no copy between decoder and batch
public record Image(int width, int height, int channels, byte[] pixels) {
    public Image {
        if (pixels.length != width * height * channels) {
            throw new IllegalArgumentException(
                    "%d bytes for an image of %d x %d x %d".formatted(pixels.length, height, width, channels));
        }
    }

    static Image blank(int width, int height, int channels) {
        return new Image(width, height, channels, new byte[width * height * channels]);
    }

    /** The sample as 0 … 255. */
    public int at(int x, int y, int c) {
        return pixels[(y * width + x) * channels + c] & 0xFF;
    }

    /**
     * This image with the channels wanted: grey is repeated, RGB becomes ITU-R 601 luma in Pillow's fixed point,
     * {@code L = (19595 R + 38470 G + 7471 B + 2^15) >> 16}.
     */
    public Image withChannels(int wanted) {
        if (wanted == channels) {
            return this;
        }
        byte[] out = new byte[width * height * wanted];
        if (channels == 1) {
            for (int i = 0; i < pixels.length; i++) {
                Arrays.fill(out, i * wanted, (i + 1) * wanted, pixels[i]);
            }
        } else if (wanted == 1) {
            for (int i = 0; i < out.length; i++) {
                out[i] = (byte) luma(i * 3);
            }
        } else {
            throw new IllegalArgumentException("an image of " + channels + " channels as one of " + wanted);
        }
        return new Image(width, height, wanted, out);
    }

    /** The luma of the RGB pixel whose red byte is at this offset. */
    int luma(int offset) {
        int r = pixels[offset] & 0xFF;
        int g = pixels[offset + 1] & 0xFF;
        int b = pixels[offset + 2] & 0xFF;
        return (19595 * r + 38470 * g + 7471 * b + 0x8000) >> 16;
    }
}
