package io.github.dyt4j.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.training.run.Pictures;
import io.github.dyt4j.training.run.RunFolder;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PicturesTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @Test
    void aSheetHasEachPixelScaledInItsPlace() {
        try (var _ = new Scope()) {
            Tensor grey = Tensors.of(new float[] {0, 0.2f, 0.6f, 2}, 1, 2, 2);
            Tensor red = Tensors.of(new float[] {1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0}, 3, 2, 2);
            BufferedImage sheet = Sheet.of(List.of(List.of(grey, red), List.of(red)), 3);
            assertThat(sheet.getWidth()).isEqualTo(2 + 2 * (6 + 2));
            assertThat(sheet.getHeight()).isEqualTo(2 + 2 * (6 + 2));
            assertThat(sheet.getRGB(0, 0)).isEqualTo(0xFFFFFFFF);
            assertThat(sheet.getRGB(2, 2)).isEqualTo(0xFF000000);
            assertThat(sheet.getRGB(2 + 3, 2)).isEqualTo(0xFF333333);
            assertThat(sheet.getRGB(2, 2 + 3)).isEqualTo(0xFF999999);
            assertThat(sheet.getRGB(2 + 5, 2 + 5)).isEqualTo(0xFFFFFFFF); // above 1 is cut
            assertThat(sheet.getRGB(2 + 8, 2)).isEqualTo(0xFFFF0000);
            assertThat(sheet.getRGB(2 + 8, 2 + 8)).isEqualTo(0xFFFFFFFF); // no image there
        }
    }

    @Test
    void whatIsWrittenIsReadBack() throws IOException {
        BufferedImage image = new BufferedImage(3, 2, BufferedImage.TYPE_INT_RGB);
        image.setRGB(2, 1, 0xFF123456);
        try (RunFolder run = RunFolder.open(folder)) {
            Pictures.write(run, List.of(new Picture("samples", "Samples", "one row a class", image)));
        }
        assertThat(Pictures.of(folder)).containsExactly(new Pictures.Shown("samples", "Samples", "one row a class"));
        assertThat(ImageIO.read(Pictures.file(folder, "samples").toFile()).getRGB(2, 1))
                .isEqualTo(0xFF123456);
    }

    @Test
    void aRunWithoutPicturesHasNoFolder() throws IOException {
        try (RunFolder run = RunFolder.open(folder)) {
            Pictures.write(run, List.of());
        }
        assertThat(folder.resolve("pictures")).doesNotExist();
        assertThat(Pictures.of(folder)).isEmpty();
    }
}
