package io.github.dyt4j.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
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
    private static final String TINY = """
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

    private static final String TEXT = """
            model: llama_mini
            hidden_size: 16
            num_hidden_layers: 1
            num_attention_heads: 2
            data: nowhere
            """;

    /** What is said of a run before the mistake is found. */
    private static final Pattern PROGRESS = Pattern.compile("seed 0: |^training: |^epoch \\d");

    @TempDir
    private static Path folder = Path.of("");

    private static BadData data = new BadData(folder);

    /** @param says what the answer has, each; {@code FOLDER} stands for the temporary one */
    record Row(String name, List<String> says, String... arguments) {
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
        recipe("llama.yaml", TEXT);
        recipe("one-norm.yaml", TINY + "compare_norms: dyt\n");
        recipe("norms.yaml", TINY + "compare_norms: dyt; lyaernorm\n");
        Files.writeString(folder.resolve("binary.yaml"), "\0\1\2");
        Files.createDirectories(folder.resolve("empty"));
        Files.writeString(folder.resolve("empty.json"), "{}");
        Files.writeString(folder.resolve("rows.json"), "{\"environment\": {}, \"rows\": [{\"what\": \"kernel\"}]}");
        Files.writeString(folder.resolve("blank.txt"), "\n  \n");
        Files.writeString(folder.resolve("prompts.jsonl"), "{\"prompt\": \"a\"}\n\nb\n");
        Files.writeString(folder.resolve("other.jsonl"), "{\"text\": \"a\"}\n");
        data.write("not-a-run/precious.txt", "thesis".getBytes(UTF_8));
        Files.createFile(folder.resolve("nothing.txt"));
        data.write("tasks/piqa.jsonl", "{\"sol1\": \"a\", \"sol2\": \"b\", \"label\": 0}\n".getBytes(UTF_8));
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
                row("a word for a number", says("word.yaml:5", "depth", "deep"), train("word.yaml")),
                row(
                        "unknown key to set",
                        says("--set", "'epohcs'", "'epochs'"),
                        train("tiny.yaml", "--set", "epohcs=1")),
                row("nothing to set it to", says("--set", "key=value"), train("tiny.yaml", "--set", "epochs")),
                row("out of range", says("epochs", "-1"), train("tiny.yaml", "--set", "epochs=-1")),
                row("unknown norm", says("'dty'", "'dyt'"), train("tiny.yaml", "--norm", "dty")),
                row("unknown norm option", says("'alhpa'", "'alpha'"), train("tiny.yaml", "--norm", "dyt(alhpa=1)")),
                row("α0 is no number", says("alpha", "half"), train("tiny.yaml", "--norm", "dyt(alpha=half)")),
                row("α0 is no number, in a recipe", says("alpha", "half"), train("alpha.yaml")),
                row(
                        "a norm over places in a model of tokens",
                        says("'batchnorm'", "tokens of a batch", "convnext"),
                        train("tiny.yaml", "--norm", "batchnorm")),
                row(
                        "the same among those that are compared",
                        says("'groupnorm(groups=8)'", "those after it"),
                        "compare",
                        path("tiny.yaml"),
                        "--norm",
                        "layernorm",
                        "--norm",
                        "groupnorm(groups=8)"),
                row(
                        "a norm over places without places",
                        says("'batchnorm'", "bench model"),
                        "bench",
                        "norms",
                        "--norm",
                        "layernorm",
                        "--norm",
                        "batchnorm"),
                row(
                        "groups that do not divide the channels",
                        says("32 channels", "groups=4"),
                        "train",
                        "convnext-mini",
                        "--norm",
                        "groupnorm(groups=5)",
                        "--out",
                        path("groups")),
                row(
                        "an image that a stem cannot halve",
                        says("img_size 15", "Take 16 or more"),
                        "train",
                        "convnext-mini",
                        "--set",
                        "img_size=15",
                        "--out",
                        path("stem")),
                row("unfinished norm", says("dyt(alpha=1"), train("tiny.yaml", "--norm", "dyt(alpha=1")),
                row(
                        "unknown model",
                        says("'vit_tinny_patch16_224'", "'vit_tiny_patch16_224'"),
                        train("tiny.yaml", "--set", "model=vit_tinny_patch16_224")),
                row(
                        "heads that do not divide",
                        says("embed_dim", "num_heads"),
                        train("tiny.yaml", "--set", "num_heads=3")),
                row(
                        "an argument of another family",
                        says("llama_mini", "'embed_dim'", "hidden_size"),
                        train("llama.yaml", "--set", "embed_dim=8")),
                row(
                        "heads of text that do not divide",
                        says("hidden_size 16", "num_attention_heads 3"),
                        train("llama.yaml", "--set", "num_attention_heads=3")),
                row("images for text", says("builtin", "jdk"), train("llama.yaml", "--data", "builtin")),
                row("text for images", says("jdk", "images"), train("tiny.yaml", "--data", "jdk")),
                row("a key of images for text", says("hflip", "text"), train("llama.yaml", "--set", "hflip=0")),
                row("bad images of text", says("skip_bad", "text"), train("llama.yaml", "--skip-bad")),
                row("a key of text for images", says("seq_len", "images"), train("tiny.yaml", "--set", "seq_len=8")),
                row("one norm in a recipe", says("two norms"), "compare", path("one-norm.yaml")),
                row(
                        "unknown norm in a recipe",
                        says("norms.yaml:11", "'lyaernorm'", "'layernorm'"),
                        "compare",
                        path("norms.yaml")),
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
                row(
                        "wrong IDX magic",
                        says("train-images-idx3-ubyte", "0x00000999"),
                        onData(data().idx("magic", 0x999, 8))),
                row("wrong IDX count", says("train-images-idx3-ubyte", "9"), onData(data().idx("count", 0x803, 9))),
                row(
                        "more images than said",
                        says("train-images-idx3-ubyte", "7"),
                        onData(data().idx("fewer", 0x803, 7))),
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
                row("no seeds", says("--seeds 0"), compare("--seeds", "0")),
                row("no jobs", says("--jobs 0"), compare("--jobs", "0")),
                row("one norm to compare", says("two norms"), compare("--norm", "dyt")),
                row("a norm against itself", says("'dyt'", "twice"), compare("--norm", "dyt", "--norm", "dyt")),
                row(
                        "unknown norm to compare",
                        says("'rsmnorm'", "'rmsnorm'"),
                        compare("--norm", "layernorm", "--norm", "rsmnorm")),
                row("missing data to compare on", says("FOLDER/none", "not exist"), compare("--data", path("none"))),
                row(
                        "a comparison over something else",
                        says("precious.txt"),
                        "compare",
                        path("tiny.yaml"),
                        "--out",
                        path("not-a-run")),
                row(
                        "a comparison over a run",
                        says("FOLDER/other-run"),
                        "compare",
                        path("tiny.yaml"),
                        "--out",
                        path("other-run")),
                row("nothing to measure", says("missing", "norms"), "bench"),
                row("unknown thing to measure", says("'nroms'", "'norms'"), "bench", "nroms"),
                row("a shape of one number", says("--shape '512'", "ROWSxWIDTH"), bench("--shape", "512")),
                row("a shape of words", says("--shape '8xwide'", "ROWSxWIDTH"), bench("--shape", "8xwide")),
                row("no width", says("--shape '8x0'", "1 or more"), bench("--shape", "8x0")),
                row("no rows", says("--shape '0x8'", "1 or more"), bench("--shape", "0x8")),
                row(
                        "a shape beyond the memory",
                        says("--shape 99999999999x4096", "GB", "fewer rows"),
                        bench("--shape", "99999999999x4096")),
                row("no kernel of that dtype", says("--dtype 'f64'", "f32 and bf16"), bench("--dtype", "f64")),
                row("unknown norm to measure", says("'dty'", "'dyt'"), bench("--norm", "dty")),
                row("unknown direction", says("'backwards'", "'backward'"), bench("--direction", "backwards")),
                row("unknown level", says("'layers'", "'layer'"), bench("--level", "layers")),
                row(
                        "a layer's backward alone",
                        says("--direction backward", "kernel"),
                        bench("--level", "layer", "--direction", "backward")),
                row("no threads", says("--threads 0"), bench("--threads", "0")),
                row("fewer than no threads", says("--threads -2"), bench("--threads", "-2")),
                row("no time", says("--seconds 0"), bench("--seconds", "0")),
                row("no bench to join", says("FOLDER/none.json", "--json"), bench("--with", path("none.json"))),
                row("something else to join", says(path("tiny.yaml"), "--json"), bench("--with", path("tiny.yaml"))),
                row("an empty bench to join", says("FOLDER/empty.json"), bench("--with", path("empty.json"))),
                row(
                        "a bench to join without figures",
                        says("FOLDER/rows.json", "--json"),
                        bench("--with", path("rows.json"))),
                row("a folder to write to", says("--json FOLDER/empty", "folder"), bench("--json", path("empty"))),
                row("no folder to write to", says("--csv FOLDER/none/a.csv"), bench("--csv", path("none/a.csv"))),
                row("no right to write", says("--page /proc/page.html"), bench("--page", "/proc/page.html")),
                row("no tokens at all", says("--from 0"), "bench", "length", "--from", "0"),
                row("lengths that fall", says("--to 10", "--from 1024"), "bench", "length", "--to", "10"),
                row(
                        "a length beyond the memory",
                        says("--to 99999999999", "GB", "fewer"),
                        "bench",
                        "length",
                        "--to",
                        "99999999999"),
                row("a length in words", says("--to", "long"), "bench", "length", "--to", "long"),
                row("no channels", says("--channels 0"), "bench", "length", "--channels", "0"),
                row("no states", says("--states 0"), "bench", "length", "--states", "0"),
                row(
                        "no folder for a chart",
                        says("--svg FOLDER/none/a.svg"),
                        "bench",
                        "length",
                        "--svg",
                        path("none/a.svg")),
                row("unknown LLaMA", says("--size '7bb'", "'7b'"), llama("--size", "7bb")),
                row(
                        "another family",
                        says("vit_tiny_patch16_224", "not a LLaMA", "7b"),
                        llama("--size", "vit_tiny_patch16_224")),
                row("no tokens", says("--tokens 0"), llama("--tokens", "0")),
                row("more tokens than positions", says("--tokens 4097", "4096"), llama("--tokens", "4097")),
                row("no sequences", says("--batch 0"), llama("--batch", "0")),
                row("no layers", says("--layers 0", "32"), llama("--layers", "0")),
                row("more layers than there are", says("--layers 33", "32"), llama("--layers", "33")),
                row("no such dtype", says("--dtype 'f16'", "f32 and bf16"), llama("--dtype", "f16")),
                row(
                        "no such direction of a pass",
                        says("--direction 'trainig'", "'training'"),
                        llama("--direction", "trainig")),
                row("nothing of that name to measure", says("--only 'prefil'", "'prefill'"), llama("--only", "prefil")),
                row(
                        "an argument without a value",
                        says("--set 'hidden_size'", "key=value"),
                        llama("--set", "hidden_size")),
                row(
                        "an unknown argument of a LLaMA",
                        says("'hiden_size'", "'hidden_size'"),
                        llama("--set", "hiden_size=64")),
                row("a norm to calibrate", says("calibrate", "init"), llama("--norm", "dyt(init=calibrated)")),
                row("no time for a LLaMA", says("--seconds 0"), llama("--seconds", "0")),
                row("no threads for a LLaMA", says("--threads 0"), llama("--threads", "0")),
                row("a step of one number", says("--step-batch '256'", "BATCHxTOKENS"), llama("--step-batch", "256")),
                row(
                        "a step beyond the positions",
                        says("--step-batch 1x9999", "1024"),
                        llama("--step-batch", "1x9999")),
                row(
                        "a pass beyond the memory",
                        says("llama_7b does not fit", "GB", "--batch"),
                        llama("--batch", "100000", "--only", "norms")),
                row(
                        "a step beyond the memory",
                        says("llama_70b", "GB", "--step-size"),
                        llama("--step-size", "70b", "--only", "step")),
                row("nothing to judge", says("FOLDER/none", "no such run"), "eval", path("none")),
                row("not a run to judge", says("FOLDER/not-a-run", "recipe.yaml"), "eval", path("not-a-run")),
                row("a run without a checkpoint", says("FOLDER/other-run", "checkpoint"), "eval", path("other-run")),
                row("nothing to score", says("FOLDER/none", "no such"), eval("--text", path("none"))),
                row(
                        "what is no model",
                        says("FOLDER/empty", "no model", "config.json"),
                        eval(path("empty"), "--text", path("tiny.yaml"))),
                row("an empty text", says("FOLDER/nothing.txt", "empty"), eval("--text", path("nothing.txt"))),
                row("a dtype where none is asked", says("--dtype", "--text"), eval("--dtype", "f32")),
                row("a run that has only begun", says("other-run", "no whole checkpoint"), generate()),
                row("unknown task", says("'hellasweg'", "'hellaswag'"), eval("--tasks", "hellasweg")),
                row("tasks without data", says("--tasks-data", "ybisk/piqa"), eval("--tasks", "piqa")),
                row(
                        "no tasks' folder",
                        says("FOLDER/none", "no such folder"),
                        eval("--tasks", "piqa", "--tasks-data", path("none"))),
                row(
                        "no task's file",
                        says("FOLDER/empty", "piqa.jsonl"),
                        eval("--tasks", "piqa", "--tasks-data", path("empty"))),
                row(
                        "a task's missing field",
                        says("piqa.jsonl:1", "goal"),
                        eval("--tasks", "piqa", "--tasks-data", path("tasks"))),
                row(
                        "no documents",
                        says("--limit 0"),
                        eval("--tasks", "piqa", "--tasks-data", path("tasks"), "--limit", "0")),
                row("a limit of nothing", says("--limit", "--tasks"), eval("--limit", "3")),
                row(
                        "two kinds of data",
                        says("--data", "--text"),
                        eval("--data", path("empty"), "--text", path("tiny.yaml"))),
                row("no model to export", says("FOLDER/none", "no such run"), "export", path("none"), path("new")),
                row("no folder to export to", says("Missing required parameter"), "export", path("other-run")),
                row("an unknown dtype", says("'f16'"), "export", path("other-run"), path("new"), "--dtype", "f16"),
                row(
                        "shards of nothing",
                        says("--shard-gb"),
                        "export",
                        path("other-run"),
                        path("new"),
                        "--shard-gb",
                        "0"),
                row("no model to generate with", says("MODEL"), "generate"),
                row("below no temperature", says("temperature -1"), generate("--temperature", "-1")),
                row("a top-k below none", says("top-k -3", "0 for all"), generate("--top-k", "-3")),
                row("a top-p of none", says("top-p 0"), generate("--top-p", "0")),
                row("no tokens", says("--max-tokens 0"), generate("--max-tokens", "0")),
                row("no threads to generate with", says("--threads 0"), generate("--threads", "0")),
                row("an empty stop", says("--stop"), generate("--stop", "")),
                row("unknown precision", says("'bf61'", "'bf16'"), generate("--dtype", "bf61")),
                row(
                        "two prompts",
                        says("--prompt-file", "one of them"),
                        generate("Hi", "--prompt-file", path("tiny.yaml"))),
                row("no prompt's file", says("FOLDER/none", "no such"), generate("--prompt-file", path("none"))),
                row("a folder of prompts", says("FOLDER/empty", "folder"), generate("--prompts", path("empty"))),
                row("no prompts", says("FOLDER/blank.txt", "no prompt"), generate("--prompts", path("blank.txt"))),
                row("no JSON", says("prompts.jsonl:3", "JSON"), generate("--prompts", path("prompts.jsonl"))),
                row(
                        "JSON without a prompt",
                        says("other.jsonl:1", "prompt"),
                        generate("--prompts", path("other.jsonl"))),
                row("no folder for texts", says("--json FOLDER/none/a.json"), generate("--json", path("none/a.json"))),
                row(
                        "a file as folder",
                        says(path("tiny.yaml"), "file"),
                        "train",
                        "vit-mini",
                        "--out",
                        path("tiny.yaml")));
    }

    private static String[] eval(String... more) {
        String model = more[0].startsWith("--") ? path("other-run") : "";
        return Stream.concat(Stream.of("eval", model), Stream.of(more))
                .filter(a -> !a.isEmpty())
                .toArray(String[]::new);
    }

    private static String[] generate(String... more) {
        return Stream.concat(Stream.of("generate", path("other-run")), Stream.of(more))
                .toArray(String[]::new);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void saysWhatIsWrong(Row row) {
        refused(row.says(), row.arguments());
    }

    private static void refused(List<String> says, String... arguments) {
        Ended ended = execute(arguments);
        assertThat(ended.code).as(ended.said).isEqualTo(2);
        List<String> answer =
                ended.said.lines().filter(l -> !PROGRESS.matcher(l).find()).toList();
        assertThat(answer).as(ended.said).hasSizeBetween(1, 3);
        assertThat(ended.said).doesNotContain("\tat ", "Exception");
        for (String words : says) {
            assertThat(ended.said).contains(words.replace("FOLDER", folder.toString()));
        }
    }

    private record Ended(int code, String said) {}

    private static Ended execute(String... arguments) {
        StringWriter err = new StringWriter();
        CommandLine line =
                Dyt4j.commandLine().setErr(new PrintWriter(err, true)).setOut(new PrintWriter(new StringWriter()));
        return new Ended(line.execute(arguments), err.toString());
    }

    @Test
    void nothingThatWasThereIsLost() throws IOException {
        refused(says("precious.txt"), "train", path("tiny.yaml"), "--out", path("not-a-run"));
        refused(says("lr is 0.5"), "train", path("tiny.yaml"), "--out", path("other-run"));
        assertThat(folder.resolve("not-a-run/precious.txt")).hasContent("thesis");
        assertThat(folder.resolve("not-a-run/recipe.yaml")).doesNotExist();
        assertThat(folder.resolve("other-run/recipe.yaml")).hasContent(TINY + "lr: 0.5\n");
    }

    /** A checkpoint that was put into the run of a wider model. */
    @Test
    void aCheckpointOfAnotherRecipe() throws IOException {
        Path images = data.images("good");
        String[] narrow = {"train", path("tiny.yaml"), "--data", images.toString(), "--out", path("narrow")};
        Ended trained = execute(narrow);
        assertThat(trained.code).as(trained.said).isZero();
        Path wide = Files.createDirectories(folder.resolve("wide"));
        Path recipe = folder.resolve("narrow/recipe.yaml");
        Files.writeString(
                wide.resolve("recipe.yaml"), Files.readString(recipe).replace("embed_dim: 8", "embed_dim: 16"));
        copy(folder.resolve("narrow/checkpoints"), wide.resolve("checkpoints"));
        refused(
                says("wide/checkpoints/", "model.safetensors"),
                Stream.concat(Stream.of(narrow).limit(4), Stream.of("--set", "embed_dim=16", "--out", wide.toString()))
                        .toArray(String[]::new));
        refused(says("wide/checkpoints/", "model.safetensors"), "eval", wide.toString());
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
    }

    /** What is nobody's mistake in a recipe: one sentence, a file with the trace, and 1. */
    @Test
    void aFailureIsASentenceAndALog() throws IOException {
        assumeTrue(Files.isDirectory(Path.of("/proc")), "a folder that nobody can write to is needed");
        Ended ended = execute("train", path("tiny.yaml"), "--out", "/proc/dyt4j");
        assertThat(ended.code).isEqualTo(1);
        assertThat(ended.said.lines()).hasSize(2);
        assertThat(ended.said).contains("/proc/dyt4j").doesNotContain("\tat ", "Exception");
        Path log = Path.of(ended.said.strip().replaceFirst("(?s).* is in ", ""));
        assertThat(log).content().contains("\tat io.github.dyt4j");
        Files.delete(log);
    }

    /** On a file system of its own that is too small for a checkpoint; only root can mount one. */
    @Test
    void aFullDisk() throws IOException, InterruptedException {
        Path disk = Files.createDirectories(folder.resolve("disk"));
        assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "size=48k", "tmpfs", disk.toString()) == 0,
                "no right to mount a small disk");
        try {
            refused(
                    says("disk is full"),
                    "train",
                    path("tiny.yaml"),
                    "--data",
                    data.images("for-a-full-disk").toString(),
                    "--out",
                    disk.resolve("run").toString());
        } finally {
            assertThat(run("umount", disk.toString())).isZero();
        }
    }

    private static int run(String... command) throws IOException, InterruptedException {
        try {
            return new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                    .start()
                    .waitFor();
        } catch (IOException e) {
            return -1; // there is no such program
        }
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

    private static String[] compare(String... more) {
        return Stream.concat(Stream.of("compare", path("tiny.yaml"), "--out", path("comparison")), Stream.of(more))
                .toArray(String[]::new);
    }

    private static String[] bench(String... more) {
        return Stream.concat(Stream.of("bench", "norms"), Stream.of(more)).toArray(String[]::new);
    }

    private static String[] llama(String... more) {
        return Stream.concat(Stream.of("bench", "llama"), Stream.of(more)).toArray(String[]::new);
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
