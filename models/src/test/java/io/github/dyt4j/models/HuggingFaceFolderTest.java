package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.TensorSource;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.torch.Weights;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Folders of transformers' own, folders for it, and folders that are neither. */
class HuggingFaceFolderTest {
    private static final Path GOLDENS = Path.of("src/test/resources/goldens");
    private static final Path HF = GOLDENS.resolve("llama-hf");
    private static final String LOGITS = "expected-logits.safetensors";
    /** Tensors up to here share a shard: the tiny model then has several. */
    private static final long SHARD = 8000;

    private static final HuggingFaceTokens TOKENS = new HuggingFaceTokens(OptionalInt.of(1), List.of(2, 31));

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
                write(model, written, Dtype.F32, shard);
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
            write(model, folder.resolve("half"), Dtype.BF16, Long.MAX_VALUE);
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
     * {@code goldens/llama_written.py} had transformers load these folders, and recorded its logits of the first. Where the bytes have to
     * change, that script takes what this test leaves in target/. The logits of the others are those of {@code goldens/llama.py}.
     */
    @ParameterizedTest
    @ValueSource(strings = {"gqa", "mha", "tied", "rope3", "qwen2", "biases"})
    void transformersReadsWhatIsWritten(String config) throws IOException {
        Path written = Path.of("target/llama-written").resolve(config);
        if (Files.exists(written)) {
            for (String name : names(written)) {
                Files.delete(written.resolve(name));
            }
        }
        try (Llama model = LlamaGoldenTest.filled(LlamaGoldenTest.config(config), "rmsnorm")) {
            write(model, written, Dtype.F32, SHARD);
        }
        float[] golden = config.equals("gqa")
                ? expected("llama-written")
                : Objects.requireNonNull(
                        Goldens.tensors("llama-" + config + ".safetensors").get("logits"));
        try (Llama read = HuggingFaceFolder.open(written, Dtype.F32)) {
            GoldenChecks.assertClose("logits", logits(read), golden, 0);
        }
        if (config.equals("gqa")) {
            Path committed = GOLDENS.resolve("llama-written");
            assertThat(names(written))
                    .isEqualTo(names(committed).stream()
                            .filter(n -> !n.equals(LOGITS))
                            .toList());
            for (String name : names(written)) {
                assertThat(written.resolve(name)).hasSameBinaryContentAs(committed.resolve(name));
            }
        }
    }

    /** What calibration measured is in α and γ, and what it measured of the embedding in its scale. */
    @ParameterizedTest
    @ValueSource(strings = {"dyt(alpha=0.3, attention.alpha=0.7)", "dyt(init=calibrated)"})
    void dytComesBack(String spec) throws IOException {
        Path written = folder.resolve("dyt");
        try (Llama model = (Llama) LlamaGoldenTest.config("gqa").create(NormSpec.parse(spec))) {
            if (model.norms().spec().calibrated()) {
                model.norms().calibrate(() -> logits(model));
            }
            write(model, written, Dtype.F32, SHARD);
            assertThat(HuggingFaceConfig.json(written.resolve("config.json"))
                            .path("norm")
                            .asString())
                    .isEqualTo(model.norms().spec().toString());
            try (Llama read = HuggingFaceFolder.open(written, Dtype.F32)) {
                assertThat(values(read)).containsExactlyEntriesOf(values(model));
                assertThat(values(read).keySet())
                        .contains(
                                "model.embed_scale",
                                "model.layers.0.input_layernorm.alpha",
                                "model.layers.1.post_attention_layernorm.alpha",
                                "model.norm.alpha");
                assertThat(logits(read)).isEqualTo(logits(model)).doesNotContain(Float.NaN);
            }
        }
    }

    /** Stored in half the bytes, each weight is the bf16 next to it; mapped, converted on reading or loaded, it is the same. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {"gqa | rmsnorm", "dyt | dyt", "tied | dyt", "qwen2 | rmsnorm"})
    void everyWayToReadGivesTheSameWeights(String config, String spec) throws IOException {
        Llama.Config size = LlamaGoldenTest.config(config);
        try (Llama model = LlamaGoldenTest.filled(size, spec)) {
            for (Dtype stored : Dtype.values()) {
                Path written = folder.resolve(stored.name());
                write(model, written, stored, Long.MAX_VALUE);
                for (Dtype wanted : Dtype.values()) {
                    try (Llama read = HuggingFaceFolder.open(written, wanted);
                            Llama loaded = size.create(model.norms().spec(), Parameters.root(empty(wanted)))) {
                        Weights.load(
                                written.resolve("model.safetensors"),
                                loaded.parameters().state());
                        String what = stored + " read as " + wanted;
                        assertThat(values(read)).as(what).containsExactlyEntriesOf(values(loaded));
                        assertThat(logits(read)).as(what).isEqualTo(logits(loaded));
                        assertThat(values(read).equals(values(model)))
                                .as(what)
                                .isEqualTo(stored == Dtype.F32 && wanted == Dtype.F32);
                        assertThat(read.parameters().state().values())
                                .allMatch(t -> t.scalar_type().intern() == type(wanted), what);
                    }
                }
            }
        }
    }

    @Test
    void closingUnmapsTheFiles() throws IOException {
        Path maps = Path.of("/proc/self/maps");
        assumeTrue(Files.exists(maps), "needs Linux's list of mapped files");
        copy();
        try (Llama model = HuggingFaceFolder.open(folder, Dtype.F32)) {
            assertThat(logits(model)).isNotEmpty();
            assertThat(Files.readString(maps)).contains(folder.toString());
        }
        assertThat(Files.readString(maps)).doesNotContain(folder.toString());
        Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"llama\"}");
        refused("hidden_size");
        Files.copy(HF.resolve("config.json"), folder.resolve("config.json"), StandardCopyOption.REPLACE_EXISTING);
        Path shard = folder.resolve("model-00003-of-00003.safetensors");
        Files.copy(folder.resolve("model-00001-of-00003.safetensors"), shard, StandardCopyOption.REPLACE_EXISTING);
        refused("model-00003-of-00003.safetensors", "not parts of one model");
        assertThat(Files.readString(maps)).doesNotContain(folder.toString());
    }

    @Test
    void theTokenizersFilesComeAlong() throws IOException {
        Path written = folder.resolve("model");
        try (Llama model = LlamaGoldenTest.filled(LlamaGoldenTest.config("gqa"), "rmsnorm")) {
            HuggingFaceFolder.write(model, written, Dtype.F32, Long.MAX_VALUE, HuggingFaceTokens.none(), beside -> {
                Files.writeString(beside.resolve("tokenizer.json"), "{}");
                Files.createDirectories(beside.resolve("more/of"));
                assertThat(written).doesNotExist();
            });
            assertThat(names(written))
                    .containsExactly(
                            "config.json", "generation_config.json", "model.safetensors", "more", "tokenizer.json");
            // A tokenizer that cannot be written leaves nothing.
            Path other = folder.resolve("other");
            assertThatThrownBy(() -> HuggingFaceFolder.write(
                            model, other, Dtype.F32, SHARD, HuggingFaceTokens.none(), beside -> {
                                Files.createDirectories(beside.resolve("more/of"));
                                throw new IOException("worn out");
                            }))
                    .isInstanceOf(IOException.class)
                    .hasMessage("worn out");
            assertThatThrownBy(() -> HuggingFaceFolder.write(
                            model, other, Dtype.F32, SHARD, HuggingFaceTokens.none(), beside -> {
                                throw new FileSystemException(beside.toString(), null, "No space left on device");
                            }))
                    .isInstanceOf(UserError.class)
                    .hasMessageContainingAll("The disk is full", other.toString());
        }
        assertThat(names(folder)).containsExactly("model");
    }

    @Test
    void aFolderThatCannotBeMadeIsSaid() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));
        try (Llama model = LlamaGoldenTest.filled(LlamaGoldenTest.config("gqa"), "rmsnorm")) {
            for (String below : new String[] {"sub", "sub/sub"}) {
                assertThatThrownBy(() -> write(model, file.resolve(below), Dtype.F32, SHARD))
                        .isInstanceOf(UserError.class)
                        .hasMessageContainingAll(
                                "Cannot make the folder " + file.resolve(below), "a folder that you may write to")
                        .hasMessageNotContaining("." + Path.of(below).getFileName() + ".");
            }
            assertThatThrownBy(() -> write(model, file, Dtype.F32, SHARD))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("is a file");
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
        refused("0 missing, 9 unexpected", "unexpected model.layers.1.", "and 5 more");
        Files.writeString(config, sound.replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 4"));
        refused("18 missing", "missing model.layers.2.", "and 14 more");
        // Attention's biases are missing, the second block is too much, and the MLP is of another width.
        Files.writeString(
                config,
                sound.replace("\"attention_bias\": false", "\"attention_bias\": true")
                        .replace("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1")
                        .replace("\"intermediate_size\": 24", "\"intermediate_size\": 25"));
        refused(
                "4 missing, 9 unexpected, 3 of another shape",
                "missing model.layers.0.self_attn.o_proj.bias [16]",
                "unexpected model.layers.1.",
                "model.layers.0.mlp.down_proj.weight is [16, 24] in the file and [16, 25] in the model");
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
            assertThatThrownBy(() -> write(model, folder, Dtype.F32, SHARD))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("not empty");
            assertThat(mine).exists();
            Path empty = Files.createDirectory(folder.resolve("empty"));
            write(model, empty, Dtype.F32, SHARD);
            assertThat(empty.resolve("config.json")).exists();
        }
        assertThatThrownBy(() -> HuggingFaceFolder.open(folder.resolve("none"), Dtype.F32))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("no folder");
    }

    @Test
    void anotherArchitectureIsNamed() throws IOException {
        copy();
        Files.writeString(
                folder.resolve("config.json"),
                "{\"architectures\": [\"GPT2LMHeadModel\"], \"model_type\": \"gpt2\", \"n_embd\": 768, \"n_layer\": 12}");
        refused("model_type is 'gpt2'; llama, mistral and qwen2 are read");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "model.Q4_K_M.gguf | is a GGUF file, which is not read",
                "pytorch_model.bin | is a pickle",
                "model.safetensors | is a file; ",
                "nothing | is no folder; ",
                "empty | has no config.json; "
            })
    void whatIsNoFolderIsSaid(String name, String message) throws IOException {
        Path given = folder.resolve(name);
        if (name.contains(".")) {
            Files.createFile(given);
        } else if (name.equals("empty")) {
            Files.createDirectory(given);
        }
        for (ThrowingCallable read : List.<ThrowingCallable>of(
                () -> HuggingFaceFolder.open(given, Dtype.F32), () -> HuggingFaceFolder.endOfText(given))) {
            assertThatThrownBy(read)
                    .isInstanceOf(UserError.class)
                    .hasMessageContainingAll(
                            given + " " + message, "a model's folder with config.json and model.safetensors is wanted");
        }
    }

    private void refused(String... parts) {
        assertThatThrownBy(() -> HuggingFaceFolder.open(folder, Dtype.F32))
                .isInstanceOf(UserError.class)
                .hasMessageContainingAll(parts)
                .hasMessageContaining(folder.toString());
    }

    private static void write(Llama model, Path folder, Dtype dtype, long shard) throws IOException {
        HuggingFaceFolder.write(model, folder, dtype, shard, TOKENS, HuggingFaceFolder.Extra.NONE);
    }

    /** Tensors of a model to load into. */
    private static TensorSource empty(Dtype dtype) {
        return (_, shape) -> Tensors.empty(shape).to(type(dtype));
    }

    private static ScalarType type(Dtype dtype) {
        return dtype == Dtype.F32 ? ScalarType.Float : ScalarType.BFloat16;
    }

    private static SequencedMap<String, List<Float>> values(Llama model) {
        SequencedMap<String, List<Float>> values = new LinkedHashMap<>();
        try (var _ = new Scope();
                var _ = Grad.off()) {
            model.parameters()
                    .state()
                    .forEach((name, t) -> values.put(name, list(Tensors.floats(t.to(ScalarType.Float)))));
        }
        return values;
    }

    private static List<Float> list(float[] values) {
        return IntStream.range(0, values.length).mapToObj(i -> values[i]).toList();
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
