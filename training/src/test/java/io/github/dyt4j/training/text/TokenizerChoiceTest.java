package io.github.dyt4j.training.text;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.training.Recipe;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TokenizerChoiceTest {
    @TempDir
    Path dir;

    @Test
    void namesPathsAndFolders() throws IOException {
        assertThat(TokenizerChoice.of("bytes")).isEqualTo(new TokenizerChoice.Bytes());
        assertThat(TokenizerChoice.of("bpe-257")).isEqualTo(new TokenizerChoice.Bpe(257));
        assertThat(TokenizerChoice.of("bpe-257").there()).isTrue();
        Path json = dir.resolve("tokenizer.json");
        assertThat(TokenizerChoice.of(dir.toString())).isEqualTo(new TokenizerChoice.Given(json));
        assertThat(TokenizerChoice.of(dir.toString()).there()).isFalse();
        Files.writeString(json, "{}");
        assertThat(TokenizerChoice.of(dir.toString()).there()).isTrue();
        assertThat(TokenizerChoice.of(json.toString())).isEqualTo(new TokenizerChoice.Given(json));
        assertThat(TokenizerChoice.of("none.json").there()).isFalse();
    }

    @Test
    void aRecipesPathBecomesAbsoluteAndANameStays() {
        Recipe recipe = Recipe.defaults();
        for (String name : new String[] {"bytes", "bpe-300"}) {
            assertThat(recipe.with("tokenizer", name).withAbsolutePaths().text("tokenizer"))
                    .isEqualTo(name);
        }
        assertThat(recipe.with("tokenizer", "sub/../tokenizer.json")
                        .withAbsolutePaths()
                        .text("tokenizer"))
                .isEqualTo(Path.of("tokenizer.json").toAbsolutePath().toString());
    }
}
