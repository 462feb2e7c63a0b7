package io.github.dyt4j.training.data;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.DataBuffer;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Locale;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.event.IIOReadWarningListener;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Image files by ImageIO with TwelveMonkeys (which reads the CMYK and broken-profile JPEGs that ImageNet has). Grey stays one channel, all else
 * becomes sRGB, transparency is laid on white. As torchvision does, EXIF orientation is not applied.
 */
final class ImageDecoder {
    private ImageDecoder() {}

    /** The image in the file, or an IOException whose message is a clause that goes after "FILE ". */
    static Image decode(Path file) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        if (bytes.length == 0) {
            throw new IOException("is empty (zero bytes)");
        }
        try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
            Iterator<ImageReader> readers = ImageIO.getImageReaders(in);
            if (!readers.hasNext()) {
                throw new IOException("is not an image of a known format (" + formats() + ")");
            }
            ImageReader reader = readers.next();
            Truncation truncation = new Truncation();
            try {
                reader.addIIOReadWarningListener(truncation);
                reader.setInput(in, true, true);
                BufferedImage image = reader.read(0);
                if (truncation.seen) {
                    throw new IOException("is truncated");
                }
                return convert(image);
            } catch (IOException e) {
                throw e;
            } catch (RuntimeException e) { // readers answer damaged files with all kinds
                throw new IOException("is damaged (" + e + ")", e);
            } finally {
                reader.dispose();
            }
        }
    }

    static String formats() {
        return "JPEG, PNG, GIF or BMP";
    }

    static Image convert(BufferedImage image) {
        int width = image.getWidth();
        int height = image.getHeight();
        boolean alpha = image.getColorModel().hasAlpha();
        if (image.getColorModel().getColorSpace().getType() == ColorSpace.TYPE_GRAY) {
            return grey(image.getRaster(), image.getColorModel().getComponentSize(0), alpha);
        }
        byte[] out = new byte[width * height * 3];
        if (image.getType() == BufferedImage.TYPE_3BYTE_BGR) {
            byte[] bgr = (byte[]) image.getRaster().getDataElements(0, 0, width, height, null); // band order: R, G, B
            System.arraycopy(bgr, 0, out, 0, out.length);
            return new Image(width, height, 3, out);
        }
        int[] row = new int[width];
        int k = 0;
        for (int y = 0; y < height; y++) {
            image.getRGB(0, y, width, 1, row, 0, width);
            for (int argb : row) {
                int a = alpha ? argb >>> 24 : 255;
                for (int shift = 16; shift >= 0; shift -= 8) {
                    out[k++] = (byte) onWhite(argb >> shift & 0xFF, a);
                }
            }
        }
        return new Image(width, height, 3, out);
    }

    /** Samples as they are stored: getRGB would bend them by Java's linear grey colour space. */
    private static Image grey(Raster raster, int bits, boolean alpha) {
        int width = raster.getWidth();
        int height = raster.getHeight();
        boolean wide = raster.getTransferType() == DataBuffer.TYPE_USHORT;
        byte[] out = new byte[width * height];
        int[] row = new int[width * raster.getNumBands()];
        int bands = raster.getNumBands();
        for (int y = 0; y < height; y++) {
            raster.getPixels(0, y, width, 1, row);
            for (int x = 0; x < width; x++) {
                int v = scale(row[x * bands], bits, wide);
                int a = alpha ? scale(row[x * bands + bands - 1], bits, wide) : 255;
                out[y * width + x] = (byte) onWhite(v, a);
            }
        }
        return new Image(width, height, 1, out);
    }

    private static int scale(int v, int bits, boolean wide) {
        return wide ? v >> 8 : bits == 8 ? v : v * 255 / ((1 << bits) - 1);
    }

    private static int onWhite(int v, int alpha) {
        return alpha == 255 ? v : (v * alpha + 255 * (255 - alpha) + 127) / 255;
    }

    /** JPEG readers fill the missing rest of a file with grey and only warn. */
    private static final class Truncation implements IIOReadWarningListener {
        boolean seen;

        @Override
        public void warningOccurred(ImageReader source, String warning) {
            String w = warning.toLowerCase(Locale.ROOT);
            seen |= w.contains("premature") || w.contains("truncat") || w.contains("end of");
        }
    }
}
