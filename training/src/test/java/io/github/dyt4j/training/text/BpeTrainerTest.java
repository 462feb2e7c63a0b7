package io.github.dyt4j.training.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

class BpeTrainerTest {
    @TempDir
    Path dir;

    @Test
    void vocabularyAndMergesArePythons() throws IOException {
        List<String> corpus = new String(TokenizerFileTest.resource("corpus.txt"), StandardCharsets.UTF_8)
                .lines()
                .map(line -> JsonMapper.shared().readTree(line).asString())
                .toList();
        BpeTrainer.train(corpus, 600, dir);
        JsonNode expected = JsonMapper.shared()
                .readTree(TokenizerFileTest.resource("tokenizer.json"))
                .path("model");
        JsonNode model = JsonMapper.shared()
                .readTree(Files.readAllBytes(dir.resolve("tokenizer.json")))
                .path("model");
        assertThat(expected.path("merges").size()).isGreaterThan(300);
        assertThat(model.path("merges")).isEqualTo(expected.path("merges"));
        assertThat(model.path("vocab")).isEqualTo(expected.path("vocab"));
        try (var tokenizer = TokenizerFile.open(dir.resolve("tokenizer.json"))) {
            assertThat(tokenizer.endOfText()).isZero();
            assertThat(tokenizer.beginOfText()).isEmpty();
            TokenizerFileTest.check(tokenizer);
        }
    }

    @Test
    void textsWithTooFewPairsGiveASmallerVocabulary() throws IOException {
        BpeTrainer.train(List.of("abc", "", "abc"), 1000, dir);
        try (var tokenizer = TokenizerFile.open(dir.resolve("tokenizer.json"))) {
            assertThat(tokenizer.vocabSize()).isEqualTo(259);
            assertThat(tokenizer.encode("abc")).containsExactly(258);
        }
        assertThatThrownBy(() -> BpeTrainer.train(List.of("abc"), 256, dir))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("257");
    }
}
