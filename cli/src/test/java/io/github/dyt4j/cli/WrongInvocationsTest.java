package io.github.dyt4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/**
 * The table of wrong invocations: each row is what was typed, and words that the answer must have. The exit code is 2, the answer has at
 * most three lines and no stack trace, and nothing that was there is lost.
 */
final class WrongInvocationsTest {
    /** A model and a run of seconds, so that a row that trains by mistake ends soon. */
    private static final String TINY =
            """
            model: vit_tiny_patch16_224
            img_size: 8
            patch_size: 4
            embed_dim: 8
            depth: 1
            num_heads: 2
            global_pool: avg
            epochs: 1
            warmup_epochs: 0
            batch_size: 4
            """;

    @TempDir
    private static Path folder = Path.of("");

    private static BadData data = new BadData(folder);

    /** @param says what the answer has, each; {@code FOLDER} stands for the temporary one */
    private record Row(String name, List<String> says, String... arguments) {
        @Override
        public String toString() {
            return name;
        }
    }

    @BeforeAll
    static void files() throws IOException {
        data = new BadData(folder);
        recipe("tiny.yaml", TINY);
        recipe("unknown-key.yaml", TINY + "epoch: 3\n");
        recipe("twice.yaml", TINY + "epochs: 3\n");
        recipe("word.yaml", TINY.replace("depth: 1", "depth: deep"));
        recipe("alpha.yaml", TINY + "norm: dyt(alpha=half)\n");
        Files.writeString(folder.resolve("binary.yaml"), "\0\1\2");
        Files.createDirectories(folder.resolve("empty"));
        data.write("not-a-run/precious.txt", "thesis".getBytes(UTF_8));
        data.write("other-run/recipe.yaml", (TINY + "lr: 0.5\n").getBytes(UTF_8));
    }

    private static void recipe(String name, String text) throws IOException {
        Files.writeString(folder.resolve(name), text);
    }

    static Stream<Row> rows() {
        return Stream.of(
                row("no command", says("command is missing", "--help")),
                row("unknown command", says("'tain'", "Did you mean 'train'?"), "tain"),
                row("unknown option", says("'--nrom'", "Did you mean '--norm'?"), "train", "vit-mini", "--nrom", "dyt"),
                row("unknown option with =", says("'--sede'", "'--seed'"), "train", "vit-mini", "--sede=1"),
                row("an option without its value", says("--norm"), "train", "vit-mini", "--norm"),
                row("a word too many", says("'dyt'", "too many"), "train", "vit-mini", "dyt"),
                row("no recipe", says("RECIPE"), "train"),
                row("a seed that is no number", says("--seed", "'one'"), "train", "vit-mini", "--seed", "one"),
                row("unknown list", says("'modles'", "'models'"), "list", "modles"),
                row("unknown recipe", says("'vit-mni'", "Did you mean 'vit-mini'?"), "train", "vit-mni"),
                row("no such file", says("FOLDER/none.yaml", "no such"), train("none.yaml")),
                row("a folder as recipe", says("FOLDER/empty", "folder"), train("empty/")),
                row("a binary file as recipe", says("FOLDER/binary.yaml"), train("binary.yaml")),
                row("unknown key", says("unknown-key.yaml:11", "'epoch'", "'epochs'"), train("unknown-key.yaml")),
                row("a key twice", says("twice.yaml:11", "'epochs'", "twice"), train("twice.yaml")),
                row("a word for a number", says("word.yaml:6", "depth", "deep"), train("word.yaml")),
                row("unknown key to set", says("--set", "'epohcs'", "'epochs'"), train("tiny.yaml", "--set", "epohcs=1")),
                row("nothing to set it to", says("--set", "key=value"), train("tiny.yaml", "--set", "epochs")),
                row("out of range", says("epochs", "-1"), train("tiny.yaml", "--set", "epochs=-1")),
                row("unknown norm", says("'dty'", "'dyt'"), train("tiny.yaml", "--norm", "dty")),
                row("unknown norm option", says("'alhpa'", "'alpha'"), train("tiny.yaml", "--norm", "dyt(alhpa=1)")),
                row("α0 is no number", says("alpha", "half"), train("tiny.yaml", "--norm", "dyt(alpha=half)")),
                row("α0 is no number, in a recipe", says("alpha", "half"), train("alpha.yaml")),
                row("unfinished norm", says("dyt(alpha=1"), train("tiny.yaml", "--norm", "dyt(alpha=1")),
                row(
                        "unknown model",
                        says("'vit_tinny_patch16_224'", "'vit_tiny_patch16_224'"),
                        train("tiny.yaml", "--set", "model=vit_tinny_patch16_224")),
                row("heads that do not divide", says("embed_dim", "num_heads"), train("tiny.yaml", "--set", "num_heads=3")),
                row("missing data", says("FOLDER/none", "not exist"), onData("none")),
                row("empty data", says("FOLDER/empty", "empty", "train/CLASS"), onData("empty")),
                row("one class", says("one class", "cat"), onData(data().oneClass("one"))),
                row(
                        "zero bytes",
                        says("train/cat/z.png", "zero bytes", "--skip-bad"),
                        onData(data().imagesAnd("zero", "z.png", new byte[0]))),
                row(
                        "no image",
                        says("train/cat/n.png", "--skip-bad"),
                        onData(data().imagesAnd("text", "n.png", "hello".getBytes(UTF_8)))),
                row(
                        "truncated",
                        says("train/cat/t.png", "--skip-bad"),
                        onData(data().imagesAnd("truncated", "t.png", BadData.half(BadData.png(3))))),
                row("wrong IDX magic", says("train-images-idx3-ubyte", "0x00000999"), onData(data().idx("magic", 0x999, 8))),
                row("wrong IDX count", says("train-images-idx3-ubyte", "9"), onData(data().idx("count", 0x803, 9))),
                row("images without labels", says("7", "8"), onData(data().idx("fewer", 0x803, 7))),
                row(
                        "a folder with something else",
                        says("FOLDER/not-a-run", "precious.txt"),
                        "train",
                        path("tiny.yaml"),
                        "--out",
                        path("not-a-run")),
                row(
                        "a folder with another run",
                        says("FOLDER/other-run", "lr is 0.5 there and 0.001 here"),
                        "train",
                        path("tiny.yaml"),
                        "--out",
                        path("other-run")),
                row("a file as folder", says("FOLDER/tiny.yaml", "file"), "train", "vit-mini", "--out", path("tiny.yaml")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void saysWhatIsWrong(Row row) {
        StringWriter err = new StringWriter();
        CommandLine line = Dyt4j.commandLine().setErr(new PrintWriter(err, true));
        int code = line.execute(row.arguments());
        String said = err.toString();
        assertThat(code).as(said).isEqualTo(2);
        // What is said of the run before the mistake is found in its data: its first two lines.
        String answer = said.lines().filter(l -> !l.contains("seed 0:") && !l.startsWith("training:")).reduce("", (a, b) -> a + b + "\n");
        assertThat(answer.lines().count()).as(said).isBetween(1L, 3L);
        assertThat(said).doesNotContain("\tat ", "Exception");
        for (String words : row.says()) {
            assertThat(said).contains(words.replace("FOLDER", folder.toString()));
        }
    }

    @Test
    void nothingThatWasThereIsLost() throws IOException {
        assertThat(folder.resolve("not-a-run/precious.txt")).hasContent("thesis");
        assertThat(folder.resolve("not-a-run")).isDirectoryNotContaining("glob:**recipe.yaml");
        assertThat(Files.readString(folder.resolve("other-run/recipe.yaml"))).isEqualTo(TINY + "lr: 0.5\n");
    }

    private static Row row(String name, List<String> says, String... arguments) {
        return new Row(name, says, arguments);
    }

    private static List<String> says(String... words) {
        return List.of(words);
    }

    private static BadData data() {
        return data;
    }

    private static String path(String name) {
        return folder + "/" + name;
    }

    private static String[] train(String recipe, String... more) {
        return Stream.concat(Stream.of("train", path(recipe), "--out", path("run")), Stream.of(more))
                .toArray(String[]::new);
    }

    private static String[] onData(String name) {
        return onData(folder.resolve(name));
    }

    private static String[] onData(Path data) {
        return new String[] {
            "train", path("tiny.yaml"), "--data", data.toString(), "--out", path("run-" + data.getFileName())
        };
    }
}
