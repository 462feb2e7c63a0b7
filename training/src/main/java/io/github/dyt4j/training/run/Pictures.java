package io.github.dyt4j.training.run;

import io.github.dyt4j.training.Picture;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.imageio.ImageIO;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/** The pictures of a run: {@code pictures/NAME.png}, and {@code pictures/index.json} with what they show, written last. */
public final class Pictures {
    private static final JsonMapper JSON = JsonMapper.shared();
    private static final TypeReference<List<Shown>> LIST = new TypeReference<>() {};

    /** A picture as its folder has it. */
    public record Shown(String name, String title, String caption) {}

    private Pictures() {}

    /** Writes them all; with none there is no folder. */
    public static void write(RunFolder run, List<Picture> pictures) throws IOException {
        if (pictures.isEmpty()) {
            return;
        }
        Path folder = folder(run.path());
        run.store().createFolders(folder);
        List<Shown> index = new ArrayList<>();
        for (Picture p : pictures) {
            var png = new ByteArrayOutputStream();
            ImageIO.write(p.image(), "png", png);
            run.store().replace(file(run.path(), p.name()), png.toByteArray());
            index.add(new Shown(p.name(), p.title(), p.caption()));
        }
        run.store()
                .replace(
                        folder.resolve("index.json"),
                        JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(index));
    }

    /** What a run that has ended shows. */
    public static List<Shown> of(Path run) throws IOException {
        Path index = folder(run).resolve("index.json");
        return Files.exists(index) ? JSON.readValue(Files.readAllBytes(index), LIST) : List.of();
    }

    public static Path file(Path run, String name) {
        return folder(run).resolve(name + ".png");
    }

    private static Path folder(Path run) {
        return run.resolve("pictures");
    }
}
