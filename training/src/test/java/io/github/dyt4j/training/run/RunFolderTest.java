package io.github.dyt4j.training.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {
    @TempDir
    Path folder;

    /** Holds a run's folder in a process of its own, says so, and waits for the end of its input. */
    static final class Holder {
        public static void main(String[] args) throws IOException {
            try (RunFolder run = RunFolder.open(Path.of(args[0]))) {
                System.out.println("holding " + run.path().getFileName());
                assertThat(System.in.read()).isEqualTo(-1);
            }
        }
    }

    @Test
    void aNewFolderIsMadeAndFilledAtomically() throws IOException {
        Path path = folder.resolve("a/b/run");
        try (RunFolder run = RunFolder.open(path)) {
            run.writeRecipe("model: vit_tiny_patch16_224\n");
            run.writeEnvironment(Map.of("java", "25"));
            assertThat(RunFolder.readResult(path)).isEmpty();
            run.writeResult(Map.of("accuracy", 0.5));
            run.writeResult(Map.of("accuracy", 0.75));
            assertThatThrownBy(() -> run.writeRecipe("model: other\n")).isInstanceOf(FileAlreadyExistsException.class);
        }
        assertThat(Files.readString(path.resolve("recipe.yaml"))).isEqualTo("model: vit_tiny_patch16_224\n");
        assertThat(path.resolve("environment.json")).content().contains("\"java\" : \"25\"");
        assertThat(RunFolder.readResult(path)).contains(Map.of("accuracy", 0.75));
        try (var files = Files.list(path)) {
            assertThat(files.map(p -> p.getFileName().toString()))
                    .containsExactlyInAnyOrder(".lock", "recipe.yaml", "environment.json", "result.json");
        }
        Files.writeString(path.resolve("result.json"), "{");
        assertThatThrownBy(() -> RunFolder.readResult(path))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("result.json");
    }

    @Test
    void onlyOneWriterAtATime() throws Exception {
        Path path = folder.resolve("run");
        try (RunFolder first = RunFolder.open(path)) {
            assertThat(first.path()).isEqualTo(path);
            assertThatThrownBy(() -> RunFolder.open(path))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("Another process is writing the run " + path)
                    .hasMessageContaining("process " + ProcessHandle.current().pid());
        }
        Process other = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx64m",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Holder.class.getName(),
                        path.toString())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        try {
            assertThat(other.inputReader().readLine()).isEqualTo("holding run");
            assertThatThrownBy(() -> RunFolder.open(path))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("process " + other.pid());
        } finally {
            other.destroyForcibly().waitFor();
        }
        RunFolder.open(path).close(); // the lock died with its process
    }

    @Test
    void whatIsNoRunIsRefusedAndLeftAsItWas() throws IOException {
        Path file = Files.writeString(folder.resolve("file"), "x");
        assertThatThrownBy(() -> RunFolder.open(file))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("is a file");
        assertThatThrownBy(() -> RunFolder.open(folder))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("holds no run")
                .hasMessageContaining("there is file");
        assertThat(folder.resolve(".lock")).doesNotExist();
    }

    @Test
    void aRunKilledBeforeItsRecipeWasWrittenIsNoObstacle() throws IOException {
        Files.writeString(folder.resolve(".lock"), "");
        Files.writeString(folder.resolve("recipe.yaml.tmp"), "half");
        try (RunFolder run = RunFolder.open(folder)) {
            run.writeRecipe("model: x\n");
        }
        assertThat(folder.resolve("recipe.yaml.tmp")).doesNotExist();
        RunFolder.open(folder).close();
    }

    @Test
    void anotherRecipeIsRefusedWithWhatDiffers() {
        Map<String, Object> there = new LinkedHashMap<>(Map.of(
                "lr",
                0.001,
                "epochs",
                6,
                "norm",
                "dyt",
                "seed",
                1L,
                "betas",
                List.of(0.9, 0.999),
                "model",
                Map.of("depth", 4)));
        there.put("clip_grad", null);
        Map<String, Object> same = new LinkedHashMap<>(Map.of(
                "norm",
                "dyt",
                "lr",
                "1e-3",
                "epochs",
                6.0,
                "seed",
                1,
                "betas",
                List.of("0.90", 0.999),
                "model",
                Map.of("depth", 4L)));
        same.put("clip_grad", null);
        assertThatCode(() -> RunFolder.requireSame(folder, there, same)).doesNotThrowAnyException();

        Map<String, Object> asked = new LinkedHashMap<>(same);
        asked.put("lr", 0.003);
        asked.remove("norm");
        asked.put("model", Map.of("depth", 5));
        assertThatThrownBy(() -> RunFolder.requireSame(folder, there, asked))
                .isInstanceOf(UserError.class)
                .hasMessage(folder
                        + " holds a run of another recipe: lr is 0.001 there and 0.003 here, model.depth is 4 there and"
                        + " 5 here, norm is dyt there and not set here.\nChoose another folder, or give the settings that the run"
                        + " was started with to go on.");
        for (int i = 0; i < 7; i++) {
            asked.put("x" + i, i);
        }
        assertThatThrownBy(() -> RunFolder.requireSame(folder, there, asked)).hasMessageContaining(" and 6 more.");
    }

    @Test
    void pathsLieInTheFolder() throws IOException {
        try (RunFolder run = RunFolder.open(folder.resolve("r"))) {
            for (Path path :
                    List.of(run.recipe(), run.environment(), run.metrics(), run.sites(), run.events(), run.result())) {
                assertThat(path.getParent()).isEqualTo(run.path());
            }
            assertThat(run.events().toString()).contains("tfevents");
            assertThat(run.checkpoints(2).folder()).isEqualTo(run.path().resolve("checkpoints"));
            assertThat(run.best().folder()).isEqualTo(run.checkpoints(2).folder());
        }
    }
}
