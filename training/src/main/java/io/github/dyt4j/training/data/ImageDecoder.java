package io.github.dyt4j.training.data;

import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
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
 * becomes RGB, transparency is laid on white. As torchvision does, EXIF orientation and colour profiles are not applied.
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

    /** Why a file cannot be read, in words: the message of some is the file's name alone. */
    static String reason(IOException e) {
        return e instanceof AccessDeniedException
                ? "permission denied"
                : String.valueOf(e.getMessage()).strip();
    }

    static String formats() {
        return "JPEG, PNG, GIF or BMP";
    }

    static Image convert(BufferedImage image) {
        ColorModel model = image.getColorModel();
        int colours = model.getNumColorComponents();
        int type = model.getColorSpace().getType();
        boolean stored = type == ColorSpace.TYPE_GRAY || (type == ColorSpace.TYPE_RGB && colours == 3);
        if (stored && model instanceof ComponentColorModel) {
            return samples(image.getRaster(), model.getComponentSize(0), colours, model.hasAlpha());
        }
        return rgb(image, model.hasAlpha());
    }

    /** Samples as they are stored, as Pillow does it: getRGB would bend grey by Java's linear grey space and RGB by the file's colour profile. */
    private static Image samples(Raster raster, int bits, int colours, boolean alpha) {
        int width = raster.getWidth();
        int bands = raster.getNumBands();
        Image out = Image.blank(width, raster.getHeight(), colours);
        int[] row = new int[width * bands];
        int k = 0;
        for (int y = 0; y < raster.getHeight(); y++) {
            raster.getPixels(0, y, width, 1, row);
            for (int at = 0; at < row.length; at += bands) {
                int a = alpha ? scale(row[at + bands - 1], bits) : 255;
                for (int c = 0; c < colours; c++) {
                    out.pixels()[k++] = (byte) onWhite(scale(row[at + c], bits), a);
                }
            }
        }
        return out;
    }

    /** Palettes, packed pixels and CMYK. */
    private static Image rgb(BufferedImage image, boolean alpha) {
        Image out = Image.blank(image.getWidth(), image.getHeight(), 3);
        int[] row = new int[image.getWidth()];
        int k = 0;
        for (int y = 0; y < image.getHeight(); y++) {
            image.getRGB(0, y, row.length, 1, row, 0, row.length);
            for (int argb : row) {
                int a = alpha ? argb >>> 24 : 255;
                for (int shift = 16; shift >= 0; shift -= 8) {
                    out.pixels()[k++] = (byte) onWhite((argb >> shift) & 0xFF, a);
                }
            }
        }
        return out;
    }

    private static int scale(int v, int bits) {
        return bits == 8 ? v : bits > 8 ? v >> (bits - 8) : v * 255 / ((1 << bits) - 1);
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
