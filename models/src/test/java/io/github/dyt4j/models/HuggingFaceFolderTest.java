package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Folders of transformers' own, folders for it, and folders that are neither. */
class HuggingFaceFolderTest {
    private static final Path GOLDENS = Path.of("src/test/resources/goldens");
    private static final Path HF = GOLDENS.resolve("llama-hf");
    private static final String LOGITS = "expected-logits.safetensors";
    /** Tensors up to here share a shard: the tiny model then has several. */
    private static final long SHARD = 8000;

    @TempDir
    Path folder;

    @Test
    void readsTransformersShards() {
        try (Llama model = HuggingFaceFolder.open(HF, Dtype.F32)) {
            assertThat(model.config()).isEqualTo(LlamaGoldenTest.config("gqa"));
            assertThat(model.norms().spec()).hasToString("rmsnorm");
            GoldenChecks.assertClose("logits", logits(model), expected("llama-hf"), 0);
        }
    }

    /** Weights and activations lose 2⁻⁹ at each rounding; of some tens of them in a row an independent sum is about 2⁻⁶. */
    @Test
    void bf16IsWithinItsRounding() {
        float[] expected = expected("llama-hf");
        try (Llama model = HuggingFaceFolder.open(HF, Dtype.BF16)) {
            assertThat(model.parameters().state().values())
                    .allMatch(t -> t.scalar_type().intern() == ScalarType.BFloat16);
            double error = GoldenChecks.distance(logits(model), expected) / GoldenChecks.norm(expected);
            assertThat(error).isBetween(0x1p-12, 0x1p-6);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "mha | rmsnorm",
                "gqa | rmsnorm(eps=1e-5)",
                "gqa | rmsnorm(weight=false)",
                "tied | rmsnorm",
                "rope3 | rmsnorm",
                "qwen2 | rmsnorm",
                "biases | rmsnorm",
                "dyt | dyt",
                "tied | dyt(alpha=0.3, attention.alpha=0.7)",
                "dyt | dyt(init=calibrated)",
                "gqa | derf",
                "gqa | layernorm(eps=1e-5)"
            })
    void whatIsWrittenReadsTheSame(String config, String spec) throws IOException {
        for (long shard : new long[] {Long.MAX_VALUE, SHARD, 1}) {
            Path written = folder.resolve("of-" + shard);
            try (Llama model = LlamaGoldenTest.filled(LlamaGoldenTest.config(config), spec)) {
                HuggingFaceFolder.write(model, written, Dtype.F32, shard);
                try (Llama read = HuggingFaceFolder.open(written, Dtype.F32)) {
                    assertThat(read.config()).isEqualTo(model.config());
                    assertThat(read.norms().spec()).isEqualTo(model.norms().spec());
                    assertThat(read.parameters().state().keySet())
                            .containsExactlyElementsOf(
                                    model.parameters().state().keySet());
                    assertThat(logits(read)).isEqualTo(logits(model));
                }
            }
        }
        assertThat(names(folder.resolve("of-" + Long.MAX_VALUE)))
                .containsExactly("config.json", "generation_config.json", "model.safetensors");
        assertThat(names(folder.resolve("of-" + SHARD)))
                .contains("model.safetensors.index.json")
                .anyMatch(name -> name.matches("model-00002-of-0000[3-9].safetensors"))
                .doesNotContain("model.safetensors");
        assertThat(names(folder)).hasSize(3); // no temporary folder is left
    }

    @Test
    void bf16IsWrittenInHalfTheBytesAndReadsTheSame() throws IOException {
        try (Llama model = HuggingFaceFolder.open(HF, Dtype.BF16)) {
            HuggingFaceFolder.write(model, folder.resolve("half"), Dtype.BF16, Long.MAX_VALUE);
            try (Llama read = HuggingFaceFolder.open(folder.resolve("half"), Dtype.BF16)) {
                assertThat(logits(read)).isEqualTo(logits(model));
            }
        }
        assertThat(HuggingFaceConfig.json(folder.resolve("half/config.json"))
                        .path("dtype")
                        .asString())
                .isEqualTo("bfloat16");
        assertThat(Files.size(folder.resolve("half/model.safetensors"))).isBetween(2L * 4944, 4L * 4944);
    }

    /**
     * {@code goldens/llama_written.py} had transformers load this folder, and recorded its logits. Where the bytes have to change, that script
     * takes what this test leaves in target/.
     */
    @Test
    void transformersReadsWhatIsWritten() throws IOException {
        Path written = Path.of("target/llama-written");
        if (Files.exists(written)) {
            for (String name : names(written)) {
                Files.delete(written.resolve(name));
            }
        }
        try (Llama model = LlamaGoldenTest.filled(LlamaGoldenTest.config("gqa"), "rmsnorm")) {
            HuggingFaceFolder.write(model, written, Dtype.F32, SHARD);
            GoldenChecks.assertClose("logits", logits(model), expected("llama-written"), 0);
        }
        Path committed = GOLDENS.resolve("llama-written");
        assertThat(names(written))
                .isEqualTo(
                        names(committed).stream().filter(n -> !n.equals(LOGITS)).toList());
        for (String name : names(written)) {
            assertThat(written.resolve(name)).hasSameBinaryContentAs(committed.resolve(name));
        }
    }

    @Test
    void aMissingShardIsNamed() throws IOException {
        copy();
        Files.delete(folder.resolve("model-00002-of-00003.safetensors"));
        refused("model-00002-of-00003.safetensors", "3 shards");
    }

    @Test
    void aCutShardIsNamed() throws IOException {
        copy();
        Path shard = folder.resolve("model-00002-of-00003.safetensors");
        try (FileChannel cut = FileChannel.open(shard, StandardOpenOption.WRITE)) {
            cut.truncate(Files.size(shard) - 100);
        }
        refused("model-00002-of-00003.safetensors");
    }

    @Test
    void aPickleIsNotRead() throws IOException {
        Files.copy(HF.resolve("config.json"), folder.resolve("config.json"));
        refused("model.safetensors.index.json");
        Files.createFile(folder.resolve("pytorch_model.bin"));
        refused("pickle", "save_pretrained");
    }

    @Test
    void anIndexMayNotPointElsewhere() throws IOException {
        copy();
        Path index = folder.resolve("model.safetensors.index.json");
        Files.writeString(
                index, Files.readString(index).replace("model-00003-of-00003.safetensors", "../other.safetensors"));
        refused("'../other.safetensors'");
        Files.writeString(index, "{}");
        refused("weight_map");
        Files.writeString(index, "{\"weight_map\": ");
        refused("model.safetensors.index.json is not JSON");
    }

    @Test
    void everyWrongTensorIsListedAtOnce() throws IOException {
        copy();
        Path config = folder.resolve("config.json");
        String sound = Files.readString(config);
        Files.writeString(
                config,
                sound.replace("\"tie_word_embeddings\": false", "\"tie_word_embeddings\": true")
                        .replace("\"intermediate_size\": 24", "\"intermediate_size\": 25"));
        refused("0 missing, 0 unexpected, 6 of another shape", "[24, 16] in the file and [25, 16] in the model");
        Files.writeString(config, sound.replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1"));
        refused("0 missing, 9 unexpected", "unexpected model.layers.1.mlp.up_proj.weight [24, 16]");
        Files.writeString(config, sound.replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 4"));
        refused("18 missing", "missing model.layers.2.", "and 6 more.");
    }

    /** A tied model whose file holds the head again reads as if it did not. */
    @Test
    void aTiedHeadIsTolerated() throws IOException {
        copy();
        Path config = folder.resolve("config.json");
        Files.writeString(config, Files.readString(config).replace("embeddings\": false", "embeddings\": true"));
        try (Llama model = HuggingFaceFolder.open(folder, Dtype.F32)) {
            assertThat(model.parameters().state()).doesNotContainKey("lm_head.weight");
        }
    }

    @Test
    void writesIntoNoFolderThatHoldsSomething() throws IOException {
        try (Llama model = LlamaGoldenTest.filled(LlamaGoldenTest.config("gqa"), "dyt")) {
            Path mine = Files.createFile(folder.resolve("mine"));
            assertThatThrownBy(() -> HuggingFaceFolder.write(model, folder, Dtype.F32, SHARD))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("not empty");
            assertThat(mine).exists();
            Path empty = Files.createDirectory(folder.resolve("empty"));
            HuggingFaceFolder.write(model, empty, Dtype.F32, SHARD);
            assertThat(empty.resolve("config.json")).exists();
        }
        assertThatThrownBy(() -> HuggingFaceFolder.open(folder.resolve("none"), Dtype.F32))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("no folder");
    }

    private void refused(String... parts) {
        assertThatThrownBy(() -> HuggingFaceFolder.open(folder, Dtype.F32))
                .isInstanceOf(UserError.class)
                .hasMessageContainingAll(parts)
                .hasMessageContaining(folder.toString());
    }

    private void copy() throws IOException {
        for (String name : names(HF)) {
            Files.copy(HF.resolve(name), folder.resolve(name));
        }
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(f -> f.getFileName().toString()).sorted().toList();
        }
    }

    private static float[] expected(String folder) {
        return Objects.requireNonNull(Goldens.tensors(folder + "/" + LOGITS).get("logits"));
    }

    private static float[] logits(Llama model) {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            return Tensors.floats(model.forward(LlamaGoldenTest.tokens()));
        }
    }
}
