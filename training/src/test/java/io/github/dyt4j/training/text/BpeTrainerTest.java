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
        train(corpus, 600, dir);
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
        train(List.of("abc", "", "abc"), 1000, dir);
        try (var tokenizer = TokenizerFile.open(dir.resolve("tokenizer.json"))) {
            assertThat(tokenizer.vocabSize()).isEqualTo(259);
            assertThat(tokenizer.encode("abc")).containsExactly(258);
        }
        assertThatThrownBy(() -> train(List.of("abc"), 256, dir))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("257");
    }

    @Test
    void awkwardTextsComeBackWhole() throws IOException {
        train(List.of(ByteTokenizerTest.AWKWARD), 300, dir);
        try (var tokenizer = TokenizerFile.open(dir.resolve("tokenizer.json"))) {
            assertThat(tokenizer.vocabSize()).isEqualTo(300);
            for (String text : ByteTokenizerTest.AWKWARD) {
                int[] ids = tokenizer.encode(text);
                // A text that spells the end of text is read as it, and what marks an end is not written.
                assertThat(tokenizer.decode(ids)).isEqualTo(text.replace(BpeTrainer.END, ""));
            }
        }
    }

    @Test
    void trainingTwiceGivesTheSameBytes() throws IOException {
        for (String name : List.of("first", "second")) {
            train(List.of(ByteTokenizerTest.AWKWARD), 400, dir.resolve(name));
        }
        for (String file : List.of("tokenizer.json", "tokenizer_config.json")) {
            assertThat(dir.resolve("first").resolve(file))
                    .hasSameBinaryContentAs(dir.resolve("second").resolve(file));
        }
    }

    private static void train(List<String> texts, int vocabSize, Path folder) throws IOException {
        BpeTrainer trainer = new BpeTrainer();
        texts.forEach(trainer::add);
        trainer.train(vocabSize, folder);
    }
}
