package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.Llama.AttentionBias;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HuggingFaceConfigTest {
    private static final String SIZES = """
            "vocab_size": 32, "hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 4""";
    private static final String LLAMA3 = """
            "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0, "original_max_position_embeddings": 16""";

    @TempDir
    Path folder;

    private HuggingFaceConfig read(String json) throws IOException {
        Path file = folder.resolve("config.json");
        Files.writeString(file, json);
        return HuggingFaceConfig.read(file);
    }

    private HuggingFaceConfig with(String more) throws IOException {
        return read("{" + SIZES + ", " + more + "}");
    }

    @Test
    void whatIsAbsentHasTransformersDefault() throws IOException {
        HuggingFaceConfig read = with("\"model_type\": \"llama\"");
        assertThat(read.config()).isEqualTo(Llama.Config.of(32, 16, 24, 2, 4, 4, 2048));
        assertThat(read.norm()).hasToString("rmsnorm");
    }

    @Test
    void bothSpellingsOfRopeSayTheSame() throws IOException {
        Rope.Scaling scaling = new Rope.Scaling(8, 1, 4, 16);
        for (String rope : new String[] {
            "\"rope_theta\": 500000.0, \"rope_scaling\": {\"rope_type\": \"llama3\", " + LLAMA3 + "}",
            "\"rope_theta\": 5e5, \"rope_scaling\": {\"type\": \"llama3\", " + LLAMA3 + "}",
            "\"rope_parameters\": {\"rope_theta\": 500000, \"rope_type\": \"llama3\", " + LLAMA3 + "}"
        }) {
            Llama.Config config = with("\"model_type\": \"llama\", " + rope).config();
            assertThat(config.ropeTheta()).as(rope).isEqualTo(5e5);
            assertThat(config.ropeScaling()).as(rope).isEqualTo(scaling);
        }
        for (String rope : new String[] {
            "\"rope_theta\": 500, \"rope_scaling\": null",
            "\"rope_parameters\": {\"rope_theta\": 500, \"rope_type\": \"default\"}"
        }) {
            Llama.Config config = with("\"model_type\": \"llama\", " + rope).config();
            assertThat(config.ropeTheta()).as(rope).isEqualTo(500);
            assertThat(config.ropeScaling()).as(rope).isNull();
        }
    }

    @Test
    void theThreeTypesDifferInTheirBiases() throws IOException {
        HuggingFaceConfig qwen = with(
                "\"model_type\": \"qwen2\", \"num_key_value_heads\": 2, \"rms_norm_eps\": 1e-5, \"use_sliding_window\": false, \"sliding_window\": 4096");
        assertThat(qwen.config().attentionBias()).isEqualTo(AttentionBias.QKV);
        assertThat(qwen.norm()).hasToString("rmsnorm(eps=1.0E-5)");
        Llama.Config mistral =
                with("\"model_type\": \"mistral\", \"num_key_value_heads\": 2, \"sliding_window\": null, \"head_dim\": 8")
                        .config();
        assertThat(mistral.attentionBias()).isEqualTo(AttentionBias.NONE);
        assertThat(mistral.headDim()).isEqualTo(8);
        assertThat(mistral.maxPositionEmbeddings()).isEqualTo(131072);
        Llama.Config llama = with("\"model_type\": \"llama\", \"attention_bias\": true, \"mlp_bias\": true")
                .config();
        assertThat(llama.attentionBias()).isEqualTo(AttentionBias.ALL);
        assertThat(llama.mlpBias()).isTrue();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "\"model_type\": \"gemma\" | model_type is 'gemma'; llama, mistral and qwen2 are read",
                "\"architectures\": [\"GPT2LMHeadModel\"] | it names no model_type",
                "\"model_type\": 3 | model_type is 3; a string is wanted",
                "\"model_type\": \"mistral\", \"num_key_value_heads\": 4 | \"sliding_window\": null",
                "\"model_type\": \"mistral\", \"num_key_value_heads\": 4, \"sliding_window\": 4096 | sliding window",
                "\"model_type\": \"mistral\", \"sliding_window\": null | it has no num_key_value_heads",
                "\"model_type\": \"qwen2\", \"use_sliding_window\": true, \"sliding_window\": 4096 | sliding window",
                "\"model_type\": \"llama\", \"layer_types\": [\"full_attention\", \"sliding_attention\"] | sliding window",
                "\"model_type\": \"llama\", \"hidden_act\": \"gelu\" | hidden_act is 'gelu'; silu",
                "\"model_type\": \"llama\", \"quantization_config\": {\"quant_method\": \"gptq\"} | quantized",
                "\"model_type\": \"llama\", \"partial_rotary_factor\": 0.5 | partial_rotary_factor",
                "\"model_type\": \"llama\", \"rope_scaling\": {\"type\": \"linear\", \"factor\": 2} | rope_type is 'linear'; default and llama3",
                "\"model_type\": \"llama\", \"rope_scaling\": {\"rope_type\": \"llama3\", \"factor\": 2} | original_max_position_embeddings",
                "\"model_type\": \"llama\", \"rope_scaling\": 2 | rope_scaling is 2",
                "\"model_type\": \"llama\", \"rms_norm_eps\": \"small\" | rms_norm_eps is \"small\"; a number",
                "\"model_type\": \"llama\", \"head_dim\": 3 | head_dim 3 is odd",
                "\"model_type\": \"llama\", \"num_key_value_heads\": 3 | not a multiple of num_key_value_heads",
                "\"model_type\": \"llama\", \"num_key_value_heads\": 0 | num_key_value_heads is 0; an integer from 1",
                "\"model_type\": \"llama\", \"max_position_embeddings\": 1e30 | max_position_embeddings is",
                "\"model_type\": \"llama\", \"tie_word_embeddings\": \"yes\" | true or false",
                "\"model_type\": \"llama\", \"norm\": \"dytt\" | Did you mean 'dyt'"
            })
    void whatIsNotReadIsNamed(String more, String message) {
        assertThatThrownBy(() -> with(more))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("config.json: ")
                .hasMessageContaining(message);
    }

    @Test
    void whatIsNoJsonIsSaid() {
        assertThatThrownBy(() -> read("{\"model_type\": "))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("not JSON");
        assertThatThrownBy(() -> read("[]")).isInstanceOf(UserError.class).hasMessageContaining("no JSON object");
        assertThatThrownBy(() -> read("{\"model_type\": \"llama\"}"))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("it has no hidden_size");
        assertThatThrownBy(() -> HuggingFaceConfig.read(folder.resolve("none.json")))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("There is no file");
    }
}
