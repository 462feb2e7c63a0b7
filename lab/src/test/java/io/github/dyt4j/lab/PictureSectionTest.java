package io.github.dyt4j.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.training.Picture;
import io.github.dyt4j.training.run.Pictures;
import io.github.dyt4j.training.run.RunFolder;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PictureSectionTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @Test
    void everyNormsPictureStandsUnderItsTitleAndTextIsEscaped() throws IOException {
        SequencedMap<String, Path> runs = new LinkedHashMap<>();
        for (String norm : List.of("LayerNorm", "DyT <b>")) {
            Path run = Files.createDirectories(folder.resolve(norm.substring(0, 3)));
            try (RunFolder open = RunFolder.open(run)) {
                var image = new BufferedImage(2, 2, BufferedImage.TYPE_INT_RGB);
                Pictures.write(open, List.of(new Picture("samples", "Samples & more", "a row a class", image)));
            }
            runs.put(norm, run);
        }
        String html = PictureSection.of(runs);
        assertThat(html).containsOnlyOnce("<h3>Samples &amp; more</h3>").contains("a row a class");
        assertThat(html.split("data:image/png;base64,")).hasSize(3);
        assertThat(html)
                .contains("<h5>LayerNorm</h5>")
                .contains("<h5>DyT &lt;b&gt;</h5>")
                .doesNotContain("<b>");
    }

    @Test
    void withoutPicturesThereIsNoSection() throws IOException {
        SequencedMap<String, Path> runs = new LinkedHashMap<>();
        runs.put("LayerNorm", folder);
        assertThat(PictureSection.of(runs)).isEmpty();
    }
}
