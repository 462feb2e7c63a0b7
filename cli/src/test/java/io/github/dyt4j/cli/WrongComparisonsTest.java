package io.github.dyt4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** As {@link WrongInvocationsTest}, of methods and learning rates: the exit code is 2, in at most three lines, and no run is begun. */
final class WrongComparisonsTest {
    private static final String TINY = """
            model: vit_tiny_patch16_224
            img_size: 8
            patch_size: 4
            embed_dim: 8
            depth: 1
            num_heads: 2
            epochs: 1
            warmup_epochs: 0
            batch_size: 4
            min_lr: 1e-5
            """;

    private static final String TEXT = """
            model: llama_mini
            hidden_size: 16
            num_hidden_layers: 1
            num_attention_heads: 2
            data: jdk
            """;

    @TempDir
    private static Path folder = Path.of("");

    /** @param says what the answer has, each */
    record Row(String name, List<String> says, String... arguments) {
        @Override
        public String toString() {
            return name;
        }
    }

    @BeforeAll
    static void files() throws IOException {
        recipe("tiny.yaml", TINY);
        recipe("text.yaml", TEXT);
        recipe("method.yaml", TINY + "method: fixup\n");
        recipe("unknown.yaml", TINY + "method: fixpu\n");
        recipe("methods.yaml", TINY + "compare_methods: fixup; rezero\n");
        recipe("rates.yaml", TINY + "compare_lrs: [1e-3, fast]\n");
        recipe("dit.yaml", TINY.replace("vit_tiny_patch16_224", "dit_s_4"));
        recipe("list.yaml", TINY + "compare_norms: [layernorm, dyt]\n");
        recipe("one-rate.yaml", TINY + "compare_lrs: [1e-3]\n");
    }

    private static void recipe(String name, String text) throws IOException {
        Files.writeString(folder.resolve(name), text);
    }

    static Stream<Row> rows() {
        return Stream.of(
                row("unknown method", says("'fixpu'", "'fixup'"), train("tiny.yaml", "--method", "fixpu")),
                row("unknown method in a recipe", says("unknown.yaml:11", "'fixpu'", "'fixup'"), train("unknown.yaml")),
                row(
                        "a method beside a norm",
                        says("--method fixup", "--norm dyt"),
                        train("tiny.yaml", "--method", "fixup", "--norm", "dyt")),
                row(
                        "a method beside a norm in a recipe",
                        says("norm must be identity", "layernorm", "--method fixup"),
                        train("method.yaml")),
                row(
                        "a method beside a norm to set",
                        says("norm must be identity", "layernorm"),
                        train("tiny.yaml", "--set", "method=skipinit")),
                row(
                        "a method for a model that has none",
                        says("llama_mini has no 'method'"),
                        train("text.yaml", "--method", "fixup")),
                row(
                        "a method to compare for a model that has none",
                        says("llama_mini has no 'method'"),
                        compare("text.yaml", "--norm", "rmsnorm", "--method", "sigmareparam")),
                row(
                        "unknown method to compare",
                        says("'rezero'", "skipinit"),
                        compare("tiny.yaml", "--method", "rezero")),
                row(
                        "unknown method to compare in a recipe",
                        says("methods.yaml:11", "'rezero'"),
                        compare("methods.yaml")),
                row(
                        "a method twice",
                        says("'fixup'", "twice"),
                        compare("tiny.yaml", "--method", "fixup", "--method", "fixup")),
                row(
                        "a norm and nothing to compare it with",
                        says("two norms"),
                        compare("tiny.yaml", "--norm", "layernorm")),
                row("a rate that is no number", says("--lrs", "'fast'"), compare("tiny.yaml", "--lrs", "1e-3,fast")),
                row("a rate that is empty", says("--lrs", "''"), compare("tiny.yaml", "--lrs", "1e-3,,1e-2")),
                row("a rate that is no number in a recipe", says("rates.yaml:11", "'fast'"), compare("rates.yaml")),
                row("one rate", says("two or more"), compare("tiny.yaml", "--lrs", "1e-3")),
                row("one rate in a recipe", says("two or more"), compare("one-rate.yaml")),
                row("a rate twice", says("each once"), compare("tiny.yaml", "--lrs", "1e-3,0.001")),
                row("a rate of nothing", says("above 0"), compare("tiny.yaml", "--lrs", "0,1e-3")),
                row("a rate too large", says("5000", "at most 1000"), compare("tiny.yaml", "--lrs", "1e-3,5000")),
                row("a rate without end", says("Infinity"), compare("tiny.yaml", "--lrs", "1e-3,1e400")),
                row(
                        "a rate of its own where rates are tried",
                        says("'dyt with lr=0.002'", "compare_lrs=none"),
                        compare("tiny.yaml", "--lrs", "1e-3,3e-3", "--norm", "dyt", "--norm", "dyt with lr=0.002")),
                row(
                        "a least rate of its own above those that are tried",
                        says("0.001 cannot be tried", "min_lr is 0.002"),
                        compare(
                                "tiny.yaml",
                                "--set",
                                "lr=3e-3",
                                "--lrs",
                                "1e-3,3e-3",
                                "--norm",
                                "dyt",
                                "--norm",
                                "rmsnorm with min_lr=0.002 and weight_decay=0")),
                row("norms as a list", says("list.yaml:11", "split by ;"), compare("list.yaml")),
                row(
                        "channels that images have not",
                        says("in_chans 2", "1 channel"),
                        compare("tiny.yaml", "--set", "in_chans=2")),
                row(
                        "a sampler of one step",
                        says("sample_steps", "2 to 1000"),
                        compare("dit.yaml", "--set", "sample_steps=1")),
                row(
                        "guidance where there is no null class",
                        says("guidance", "class_dropout_prob"),
                        compare("dit.yaml", "--set", "class_dropout_prob=0")),
                row(
                        "an Inception that is not there",
                        says("inception", "no-such.safetensors"),
                        compare("dit.yaml", "--set", "inception=no-such.safetensors")),
                row(
                        "a rate below the least",
                        says("0.000001", "min_lr is 0.00001", "min_lr=0"),
                        compare("tiny.yaml", "--lrs", "1e-6,1e-3")),
                row("rates without a value", says("--lrs"), compare("tiny.yaml", "--lrs")));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("rows")
    void saysWhatIsWrong(Row row) {
        StringWriter err = new StringWriter();
        CommandLine line =
                Dyt4j.commandLine().setErr(new PrintWriter(err, true)).setOut(new PrintWriter(new StringWriter()));
        int code = line.execute(row.arguments());
        String said = err.toString();
        assertThat(code).as(said).isEqualTo(2);
        assertThat(said.lines()).as(said).hasSizeBetween(1, 3);
        assertThat(said).doesNotContain("\tat ", "Exception").contains(row.says());
        assertThat(folder.resolve("out/recipe.yaml")).doesNotExist();
        assertThat(folder.resolve("out/comparison.json")).doesNotExist();
    }

    private static Row row(String name, List<String> says, String... arguments) {
        return new Row(name, says, arguments);
    }

    private static List<String> says(String... words) {
        return List.of(words);
    }

    private static String[] train(String recipe, String... more) {
        return command("train", recipe, more);
    }

    private static String[] compare(String recipe, String... more) {
        return command("compare", recipe, more);
    }

    private static String[] command(String command, String recipe, String... more) {
        return Stream.concat(
                        Stream.of(
                                command,
                                folder.resolve(recipe).toString(),
                                "--out",
                                folder.resolve("out").toString()),
                        Stream.of(more))
                .toArray(String[]::new);
    }
}
