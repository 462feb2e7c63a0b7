package io.github.dyt4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A run and data that it was not trained on. */
final class TrainedRunTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @Test
    void imagesOfOtherClassesAreRefusedAndNumbersAreNoNames() throws IOException {
        Path cats = images("cats", "cat", "dog", "owl");
        Recipe recipe = TinyRun.plain(cats).with("epochs=1").with("batch_size=3");
        Path path = folder.resolve("run");
        TinyRun.train(recipe, path, null);
        assertThat(path.resolve("classes.txt")).hasContent("cat\ndog\nowl");

        TrainedRun run = TrainedRun.of(path);
        Path numbers = TinyRun.data(folder.resolve("numbers"));
        for (Path same : new Path[] {cats, images("more-cats", "cat", "dog", "owl"), numbers}) {
            assertThatCode(() -> run.requireClasses(TaskSetup.of(recipe.with("data", same))))
                    .as("%s", same)
                    .doesNotThrowAnyException();
        }
        Path others = images("others", "bat", "dog", "owl");
        assertThatThrownBy(() -> run.requireClasses(TaskSetup.of(recipe.with("data", others))))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("3 classes (cat, dog, owl), and " + others + " has 3 classes (bat, dog, owl).");
        Path fewer = images("fewer", "cat", "dog");
        assertThatThrownBy(() -> run.requireClasses(TaskSetup.of(recipe.with("data", fewer))))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("has 2 classes (cat, dog).");

        Files.writeString(path.resolve("classes.txt"), "1\n2\n3\n");
        assertThatThrownBy(() -> run.requireClasses(TaskSetup.of(recipe.with("data", numbers))))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("3 classes (1, 2, 3)");
        Files.delete(path.resolve("classes.txt")); // a run from before there was one
        assertThatCode(() -> run.requireClasses(TaskSetup.of(recipe.with("data", others))))
                .doesNotThrowAnyException();
    }

    private Path images(String name, String... classes) throws IOException {
        Path data = folder.resolve(name);
        for (String split : new String[] {"train", "val"}) {
            for (String c : classes) {
                Path of = Files.createDirectories(data.resolve(split).resolve(c));
                BufferedImage image = new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY);
                image.getRaster().setSample(c.charAt(0) % 8, 3, 0, 200);
                ImageIO.write(image, "png", of.resolve("1.png").toFile());
            }
        }
        return data;
    }
}
