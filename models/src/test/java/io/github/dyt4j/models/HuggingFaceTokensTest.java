package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.kernels.Dtype;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HuggingFaceTokensTest {
    @TempDir
    Path folder;

    private void config(String more) throws IOException {
        Files.writeString(folder.resolve("config.json"), "{\"vocab_size\": 32" + more + "}");
    }

    private void generation(String json) throws IOException {
        Files.writeString(folder.resolve("generation_config.json"), json);
    }

    @Test
    void generationGoesFirst() throws IOException {
        config("");
        assertThat(HuggingFaceFolder.endOfText(folder)).isEmpty();
        assertThat(HuggingFaceTokens.read(folder)).isEqualTo(HuggingFaceTokens.none());
        config(", \"bos_token_id\": 1, \"eos_token_id\": 2");
        assertThat(HuggingFaceFolder.endOfText(folder)).containsExactly(2);
        assertThat(HuggingFaceTokens.read(folder)).isEqualTo(new HuggingFaceTokens(OptionalInt.of(1), List.of(2)));
        generation("{\"_from_model_config\": true, \"eos_token_id\": [9, 3, 9]}");
        assertThat(HuggingFaceFolder.endOfText(folder)).containsExactly(9, 3);
        assertThat(HuggingFaceTokens.read(folder).begin()).hasValue(1);
        generation("{\"bos_token_id\": 31, \"eos_token_id\": null}");
        assertThat(HuggingFaceTokens.read(folder)).isEqualTo(new HuggingFaceTokens(OptionalInt.of(31), List.of(2)));
        // No token is the end of a text.
        generation("{\"eos_token_id\": []}");
        assertThat(HuggingFaceFolder.endOfText(folder)).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"\"</s>\"", "32", "-1", "1.5", "true", "{}", "[2, 32]", "[2, null]", "[[2]]", "99999999999"})
    void whatIsNoIdIsSaid(String value) throws IOException {
        config(", \"eos_token_id\": " + value);
        assertThatThrownBy(() -> HuggingFaceFolder.endOfText(folder))
                .isInstanceOf(UserError.class)
                .hasMessageContainingAll(
                        folder.resolve("config.json") + ": eos_token_id is ", "an id or a list of ids from 0 to 31");
        config("");
        generation("{\"eos_token_id\": " + value + "}");
        assertThatThrownBy(() -> HuggingFaceFolder.endOfText(folder))
                .isInstanceOf(UserError.class)
                .hasMessageContaining(folder.resolve("generation_config.json") + ": eos_token_id is ");
    }

    @Test
    void aListBeginsNoText() throws IOException {
        config(", \"bos_token_id\": [1]");
        assertThatThrownBy(() -> HuggingFaceTokens.read(folder))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("bos_token_id is [1]; an id from 0 to 31");
        Files.writeString(folder.resolve("config.json"), "{}");
        assertThatThrownBy(() -> HuggingFaceTokens.read(folder))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("it has no vocab_size");
        generation("[");
        assertThatThrownBy(() -> HuggingFaceTokens.read(folder))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("generation_config.json is not JSON");
    }

    /** As {@code GenerationConfig.from_model_config(…).save_pretrained} writes the same, but for its version and defaults. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "1 | 2 | {\"_from_model_config\":true,\"bos_token_id\":1,\"eos_token_id\":2}",
                "1 | 2,3 | {\"_from_model_config\":true,\"bos_token_id\":1,\"eos_token_id\":[2,3]}",
                "  | 2 | {\"_from_model_config\":true,\"eos_token_id\":2}",
                "  |   | {\"_from_model_config\":true}"
            })
    void comeBackAsTheyWereWritten(String begin, String end, String generation) throws IOException {
        HuggingFaceTokens tokens = new HuggingFaceTokens(
                begin == null ? OptionalInt.empty() : OptionalInt.of(Integer.parseInt(begin)),
                end == null
                        ? List.of()
                        : List.of(end.split(",")).stream().map(Integer::valueOf).toList());
        Path written = folder.resolve("written");
        try (Llama model = LlamaGoldenTest.filled(LlamaGoldenTest.config("gqa"), "rmsnorm")) {
            HuggingFaceFolder.write(model, written, Dtype.F32, Long.MAX_VALUE, tokens, HuggingFaceFolder.Extra.NONE);
        }
        assertThat(HuggingFaceConfig.json(written.resolve("generation_config.json")))
                .hasToString(generation);
        assertThat(HuggingFaceTokens.read(written)).isEqualTo(tokens);
        Files.delete(written.resolve("generation_config.json"));
        assertThat(HuggingFaceTokens.read(written)).isEqualTo(tokens);
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 32})
    void anIdOfAnotherVocabularyIsNotWritten(int id) {
        try (Llama model = LlamaGoldenTest.filled(LlamaGoldenTest.config("gqa"), "rmsnorm")) {
            for (HuggingFaceTokens tokens : List.of(
                    new HuggingFaceTokens(OptionalInt.of(id), List.of()),
                    new HuggingFaceTokens(OptionalInt.empty(), List.of(1, id)))) {
                assertThatThrownBy(() -> HuggingFaceFolder.write(
                                model, folder.resolve("m"), Dtype.F32, 1, tokens, HuggingFaceFolder.Extra.NONE))
                        .isInstanceOf(UserError.class)
                        .hasMessageContaining("special token " + id + " is none of the model's 32");
            }
        }
        assertThat(folder.resolve("m")).doesNotExist();
    }
}
