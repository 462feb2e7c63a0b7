package io.github.dyt4j.lab;

import static io.github.dyt4j.lab.Html.escape;

import io.github.dyt4j.training.run.Pictures;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import javax.imageio.ImageIO;

/** What the models of a comparison show, as a section of its report: a picture of each norm beside the others', inside the page. */
final class PictureSection {
    private PictureSection() {}

    /** @param runs a run of each norm, by the norm's label */
    static String of(SequencedMap<String, Path> runs) throws IOException {
        SequencedMap<String, Pictures.Shown> shown = new LinkedHashMap<>();
        Map<String, StringBuilder> figures = new LinkedHashMap<>();
        Set<String> wide = new HashSet<>();
        for (Map.Entry<String, Path> run : runs.entrySet()) {
            for (Pictures.Shown picture : Pictures.of(run.getValue())) {
                shown.putIfAbsent(picture.name(), picture);
                byte[] png = Files.readAllBytes(Pictures.file(run.getValue(), picture.name()));
                BufferedImage image = ImageIO.read(new ByteArrayInputStream(png));
                if (image.getWidth() > 1.5 * image.getHeight()) {
                    wide.add(picture.name()); // beside others it would be too small to see
                }
                figures.computeIfAbsent(picture.name(), _ -> new StringBuilder())
                        .append("<div class=\"picture\"><h5>")
                        .append(escape(run.getKey()))
                        .append("</h5><img src=\"data:image/png;base64,")
                        .append(Base64.getEncoder().encodeToString(png))
                        .append("\" alt=\"")
                        .append(escape(picture.title() + ", " + run.getKey()))
                        .append("\"></div>");
            }
        }
        if (shown.isEmpty()) {
            return "";
        }
        StringBuilder section = new StringBuilder("<section><h2>What the models show</h2>");
        shown.forEach((name, picture) -> section.append("<figure><figcaption><h3>")
                .append(escape(picture.title()))
                .append("</h3><p>")
                .append(escape(picture.caption()))
                .append(" Of the first seed of each norm.</p></figcaption><div class=\"pictures")
                .append(wide.contains(name) ? " wide" : "")
                .append("\">")
                .append(figures.getOrDefault(name, new StringBuilder()))
                .append("</div></figure>"));
        return section.append("</section>").toString();
    }
}
