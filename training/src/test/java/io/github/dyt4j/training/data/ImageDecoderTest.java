package io.github.dyt4j.training.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.Transparency;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ColorModel;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ImageDecoderTest {
    @TempDir
    Path dir;

    private Image decode(byte[] bytes) throws IOException {
        Path file = dir.resolve("x.bin");
        Samples.write(file, bytes);
        return ImageDecoder.decode(file);
    }

    @ParameterizedTest
    @ValueSource(strings = {"png", "bmp"})
    void coloursComeInTheOrderRedGreenBlue(String format) throws IOException {
        BufferedImage in = Samples.noise(7, 5, BufferedImage.TYPE_3BYTE_BGR, 1);
        Image out = decode(Samples.encoded(in, format));
        assertThat(out.width()).isEqualTo(7);
        assertThat(out.height()).isEqualTo(5);
        for (int y = 0; y < 5; y++) {
            for (int x = 0; x < 7; x++) {
                int rgb = out.at(x, y, 0) << 16 | out.at(x, y, 1) << 8 | out.at(x, y, 2);
                assertThat(rgb).isEqualTo(in.getRGB(x, y) & 0xFFFFFF);
            }
        }
    }

    @Test
    void aJpegIsNearWhatWasEncoded() throws IOException {
        BufferedImage in = new BufferedImage(32, 16, BufferedImage.TYPE_3BYTE_BGR);
        for (int y = 0; y < 16; y++) {
            for (int x = 0; x < 32; x++) {
                in.setRGB(x, y, 0xFF000000 | ((4 * x) << 16) | ((8 * y) << 8) | 200);
            }
        }
        Image out = decode(Samples.encoded(in, "jpg"));
        assertThat(out.channels()).isEqualTo(3);
        assertThat(out.at(20, 8, 0)).isBetween(70, 90);
        assertThat(out.at(20, 8, 1)).isBetween(54, 74);
        assertThat(out.at(20, 8, 2)).isBetween(190, 210);
    }

    @Test
    void greySamplesAreAsStored() throws IOException {
        BufferedImage in = new BufferedImage(256, 1, BufferedImage.TYPE_BYTE_GRAY);
        BufferedImage wide = new BufferedImage(256, 1, BufferedImage.TYPE_USHORT_GRAY);
        BufferedImage bits = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_BINARY);
        for (int x = 0; x < 256; x++) {
            in.getRaster().setSample(x, 0, 0, x);
            wide.getRaster().setSample(x, 0, 0, x << 8 | 0x7F);
        }
        bits.setRGB(1, 0, 0xFFFFFFFF);
        for (BufferedImage image : new BufferedImage[] {in, wide}) {
            Image out = decode(Samples.encoded(image, "png"));
            assertThat(out.channels()).isEqualTo(1);
            for (int x = 0; x < 256; x++) {
                assertThat(out.at(x, 0, 0)).isEqualTo(x);
            }
        }
        assertThat(decode(Samples.encoded(bits, "png")).withChannels(1).pixels())
                .containsExactly(0, -1);
    }

    @Test
    void aColourProfileIsNotApplied() {
        ColorSpace linear = ColorSpace.getInstance(ColorSpace.CS_LINEAR_RGB);
        ColorModel model = new ComponentColorModel(linear, false, false, Transparency.OPAQUE, DataBuffer.TYPE_BYTE);
        BufferedImage in = new BufferedImage(model, model.createCompatibleWritableRaster(1, 1), false, null);
        in.getRaster().setPixel(0, 0, new int[] {50, 100, 150});
        assertThat(in.getRGB(0, 0) & 0xFF).isNotEqualTo(150);
        assertThat(ImageDecoder.convert(in).pixels()).containsExactly(50, 100, (byte) 150);
    }

    @Test
    void palettesAndPackedPixelsAreRead() throws IOException {
        BufferedImage in = new BufferedImage(2, 1, BufferedImage.TYPE_BYTE_INDEXED);
        in.setRGB(0, 0, 0xFFFF0000);
        in.setRGB(1, 0, 0xFF0000FF);
        assertThat(decode(Samples.encoded(in, "gif")).pixels()).containsExactly(-1, 0, 0, 0, 0, -1);
        BufferedImage packed = new BufferedImage(1, 1, BufferedImage.TYPE_INT_RGB);
        packed.setRGB(0, 0, 0x010203);
        assertThat(ImageDecoder.convert(packed).pixels()).containsExactly(1, 2, 3);
    }

    @Test
    void transparencyLiesOnWhite() throws IOException {
        BufferedImage in = new BufferedImage(3, 1, BufferedImage.TYPE_INT_ARGB);
        in.setRGB(0, 0, 0x00FF0000);
        in.setRGB(1, 0, 0x80000000);
        in.setRGB(2, 0, 0xFF102030);
        Image out = decode(Samples.encoded(in, "png"));
        assertThat(out.channels()).isEqualTo(3);
        assertThat(out.pixels()).containsExactly(-1, -1, -1, 127, 127, 127, 0x10, 0x20, 0x30);
    }

    @ParameterizedTest
    @CsvSource({"jpg,0.3", "jpg,0.5", "jpg,0.9", "png,0.3", "png,0.9", "jpg,0.1", "png,0.05", "bmp,0.5"})
    void aTruncatedFileIsRefused(String format, double part) {
        byte[] whole = Samples.encoded(Samples.noise(64, 48, BufferedImage.TYPE_3BYTE_BGR, 2), format);
        byte[] cut = Arrays.copyOf(whole, (int) (whole.length * part));
        assertThatThrownBy(() -> decode(cut)).isInstanceOf(IOException.class);
    }

    @Test
    void whatIsNoImageIsRefused() {
        assertThatThrownBy(() -> decode("just text".getBytes(StandardCharsets.UTF_8)))
                .hasMessageContaining("is not an image of a known format");
        assertThatThrownBy(() -> decode(new byte[0])).hasMessageContaining("zero bytes");
    }
}
