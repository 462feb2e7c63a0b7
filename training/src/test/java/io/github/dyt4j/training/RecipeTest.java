package io.github.dyt4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RecipeTest {
    private static Recipe parse(String yaml) {
        return Recipe.parse(yaml, "my.yaml", "my");
    }

    @Test
    void resolvedReadsBackToTheSameRecipe() {
        for (Recipes.Entry entry : Recipes.all().values()) {
            Recipe recipe = Recipes.find(entry.name());
            Recipe again = Recipe.parse(recipe.resolved(), "resolved", "other");
            assertThat(again).isEqualTo(recipe);
            assertThat(again.resolved()).isEqualTo(recipe.resolved());
            assertThat(again.name()).isEqualTo(entry.name());
        }
    }

    @Test
    void theHashFollowsWhatMattersAndNotHowItIsWritten() {
        Recipe recipe = parse("lr: 2e-3\nbatch_size: 64\n");
        assertThat(parse("batch_size: 64.0\nlr: 0.0020\nepochs: 300\n").hash()).isEqualTo(recipe.hash());
        assertThat(recipe.with("name=other").hash()).isEqualTo(recipe.hash());
        assertThat(recipe.with("seed=1").hash()).isNotEqualTo(recipe.hash());
        assertThat(recipe.hash()).matches("[0-9a-f]{8}");
    }

    @Test
    void whatACompareWouldTakeIsNoPartOfARun() {
        Recipe recipe = parse("lr: 2e-3\n");
        Recipe more = parse("lr: 2e-3\ncompare_norms: rmsnorm; dyt(init=calibrated) ;dyt\ncompare_seeds: 1\n");
        assertThat(more.compareNorms()).containsExactly("rmsnorm", "dyt(init=calibrated)", "dyt");
        assertThat(recipe.compareNorms()).isEmpty();
        assertThat(more.hash()).isEqualTo(recipe.hash());
        assertThat(more.with("steps_per_epoch=7").hash()).isNotEqualTo(recipe.hash());
        assertThatThrownBy(() -> parse("lr: 1\ncompare_norms: rmsnorm; dty\n"))
                .isInstanceOf(UserError.class)
                .hasMessageStartingWith("my.yaml:2: norm 'dty' is not known. Did you mean 'dyt'?");
        Recipe rivals = parse("lr: 2e-3\ncompare_methods: fixup; skipinit\ncompare_lrs: [1e-3, 3e-4]\n");
        assertThat(rivals.compareMethods()).containsExactly("fixup", "skipinit");
        assertThat(rivals.hash()).isEqualTo(recipe.hash());
        assertThatThrownBy(() -> parse("lr: 1\ncompare_methods: fixup; skipint\n"))
                .isInstanceOf(UserError.class)
                .hasMessageStartingWith("my.yaml:2: method 'skipint' is not known. Did you mean 'skipinit'?");
    }

    @Test
    void aRunIsComparedByItsMethodOrElseItsNorm() {
        Recipe norm = parse("norm: dyt\n");
        assertThat(norm.variant()).isEqualTo("dyt");
        Recipe method = norm.with("method=fixup").with("norm=identity");
        assertThat(method.variant()).isEqualTo("fixup");
        assertThat(method.hash()).isNotEqualTo(norm.with("norm=identity").hash());
    }

    @Test
    void pathsBecomeAbsoluteAndNamesStay() {
        Recipe named = parse("data: jdk\ntokenizer: bytes\n");
        assertThat(named.withAbsolutePaths()).isEqualTo(named);
        Recipe paths = parse("data: texts\ntokenizer: a/../tokenizer.json\n").withAbsolutePaths();
        assertThat(paths.data()).isEqualTo(Path.of("texts").toAbsolutePath().toString());
        assertThat(paths.text("tokenizer"))
                .isEqualTo(Path.of("tokenizer.json").toAbsolutePath().toString());
    }

    @Test
    void argumentsOfALanguageModelGoToIt() {
        assertThat(parse("tie_word_embeddings: true\nhidden_size: 64\nrope_theta: 5e5\nattention_bias: qkv\n")
                        .modelArguments())
                .containsOnly(
                        java.util.Map.entry("hidden_size", 64),
                        java.util.Map.entry("rope_theta", 5e5),
                        java.util.Map.entry("tie_word_embeddings", "true"),
                        java.util.Map.entry("attention_bias", "qkv"));
    }

    @Test
    void overridesParseAsTheFileDoes() {
        Recipe recipe = parse("")
                .with("lr=1e-3")
                .with("betas=[0.9, 0.95]")
                .with("clip_grad=none")
                .with("norm", "dyt(alpha=0.2)");
        assertThat(recipe.number("lr")).isEqualTo(1e-3);
        assertThat(recipe.numbers("betas")).containsExactly(0.9, 0.95);
        assertThat(recipe.with("betas=0.8,0.9").numbers("betas")).containsExactly(0.8, 0.9);
        assertThat(recipe.has("clip_grad")).isFalse();
        assertThat(recipe.norm()).isEqualTo("dyt(alpha=0.2)");
        assertThat(recipe.with("depth", 4).modelArguments()).containsEntry("depth", 4);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            lr: 1e-3;embed_dims: 96                | my.yaml:2: unknown key 'embed_dims'. Did you mean 'embed_dim'?
            lr: fast                               | my.yaml:1: lr is a number from 0 to 1000, not 'fast'.
            lr: NaN                                | my.yaml:1: lr is a number from 0 to 1000, not 'NaN'.
            lr: -1                                 | my.yaml:1: lr is a number from 0 to 1000, not '-1'.
            ;;epochs: 2.5                          | my.yaml:3: epochs is a whole number of at least 1, not '2.5'.
            epochs: 99999999999999999999           | my.yaml:1: epochs is a whole number of at least 1, not '99999999999999999999'.
            amp: bf61                              | my.yaml:1: amp cannot be 'bf61'; it is one of none, bf16. Did you mean 'bf16'?
            betas: [0.9]                           | my.yaml:1: betas cannot be [0.9]: it is two numbers, as [0.9, 0.999].
            batch_size: [1, 2]                     | my.yaml:1: batch_size is one value, not a list of 2.
            data:;  a: 1                           | my.yaml:1: 'data' is a value or a list of values; a recipe has no deeper levels.
            lr: 1;lr: 2                            | my.yaml:2: 'lr' stands twice; the first is my.yaml:1.
            lr: 1;---;lr: 2                        | my.yaml:3: a recipe is one YAML document; here a second one begins.
            just words                             | my.yaml:1: a recipe is lines of 'key: value'.
            epochs: 3;warmup_epochs: 4             | my.yaml:2: warmup_epochs cannot be 4: warm-up ends before the run does, within epochs: 3.
            decay_on: matrix                       | my.yaml:1: decay_on cannot be 'matrix'; it is one of matrices, all.
            held_out: 1                            | my.yaml:1: held_out is a number from 1e-6 to 0.999, not '1'.
            tie_word_embeddings: maybe             | my.yaml:1: tie_word_embeddings cannot be 'maybe'; it is one of true, false.
            steps_per_epoch: 0                     | my.yaml:1: steps_per_epoch is a whole number of at least 1, not '0'.
            scale: [1, 0.5]                        | my.yaml:1: scale cannot be [1, 0.5]: the first number is not above the second.
            """)
    void aMistakeIsNamedWithItsLine(String yaml, String message) {
        assertThatThrownBy(() -> parse(yaml.replace(';', '\n')))
                .isInstanceOf(UserError.class)
                .hasMessage(message);
    }

    @Test
    void brokenYamlIsNamedWithItsLine() {
        assertThatThrownBy(() -> parse("lr: 1\nbetas: [0.9\n"))
                .isInstanceOf(UserError.class)
                .hasMessageMatching("my.yaml:\\d: this is not YAML: [^\n]*");
    }

    @Test
    void anOverrideIsNamedAsItWasTyped() {
        assertThatThrownBy(() -> parse("").with("learning_rate=1"))
                .isInstanceOf(UserError.class)
                .hasMessageStartingWith("--set learning_rate=1: unknown key 'learning_rate'.");
        assertThatThrownBy(() -> parse("").with("lr"))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("key=value");
        assertThatThrownBy(() -> parse("").with("betas=[0.9"))
                .isInstanceOf(UserError.class)
                .hasMessageStartingWith("--set betas=[0.9:");
        assertThatThrownBy(() -> Recipes.find("vit-mimi"))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("Did you mean 'vit-mini'?");
    }

    @Test
    void aFileIsReadByItsPath(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("tiny.yaml");
        Files.writeString(file, "depth: 2\n");
        assertThat(Recipes.find(file.toString()).name()).isEqualTo("tiny");
        assertThatThrownBy(() -> Recipes.find(folder.resolve("none.yaml").toString()))
                .isInstanceOf(UserError.class)
                .hasMessageEndingWith("there is no such recipe file.");
        Files.write(file, new byte[] {(byte) 0xff, (byte) 0xfe, 0, 1});
        assertThatThrownBy(() -> Recipe.read(file))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("UTF-8");
    }

    @Test
    void theIndexListsEveryRecipeFile() throws IOException {
        Path recipes = Path.of(System.getProperty("dyt4j.home"), "recipes");
        try (Stream<Path> files = Files.walk(recipes)) {
            List<String> paths = files.filter(f -> f.toString().endsWith(".yaml"))
                    .map(f -> recipes.relativize(f).toString().replace('\\', '/'))
                    .sorted()
                    .toList();
            assertThat(Recipes.all().values().stream().map(Recipes.Entry::path).sorted())
                    .isEqualTo(paths);
        }
        assertThat(Recipes.all().values())
                .allSatisfy(e -> assertThat(e.header()).containsPattern("status: +(reproduced|ran-mini|transcribed)"));
    }
}
