package io.github.dyt4j.lab.llm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.models.HuggingFaceFolder;
import io.github.dyt4j.models.HuggingFaceTokens;
import io.github.dyt4j.models.Llama;
import io.github.dyt4j.models.Models;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.training.text.BpeTrainer;
import io.github.dyt4j.training.text.ByteTokenizer;
import io.github.dyt4j.training.text.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PretrainedTest {
    @TempDir
    private Path folder = Path.of("");

    private Path written(String norm, int vocabulary) throws IOException {
        Path target = folder.resolve("model");
        Map<String, ?> small =
                Map.of("vocab_size", vocabulary, "hidden_size", 32, "intermediate_size", 48, "num_hidden_layers", 1);
        try (Llama model = (Llama) Models.create("llama_mini", small, NormSpec.parse(norm));
                Tokenizer bytes = new ByteTokenizer()) {
            HuggingFaceFolder.write(
                    model,
                    target,
                    Dtype.F32,
                    1 << 30,
                    new HuggingFaceTokens(OptionalInt.empty(), List.of(0, 10)),
                    bytes::write);
        }
        return target;
    }

    @Test
    void aWrittenFolderGeneratesAsBefore() throws IOException {
        Path target = written("dyt", 256);
        try (Pretrained pretrained = Pretrained.open(target, Dtype.F32)) {
            assertThat(pretrained.endOfText()).containsExactlyInAnyOrder(0, 10);
            assertThat(pretrained.tokenizer().encode("Ā é\n")).isEqualTo(new ByteTokenizer().encode("Ā é\n"));
            Generator.Generated once = text(pretrained);
            assertThat(text(pretrained).text()).isEqualTo(once.text());
            assertThat(once.generatedTokens()).isPositive();
        }
    }

    @Test
    void bf16HoldsTheNormsParametersToo() throws IOException {
        for (String norm : List.of("dyt", "rmsnorm", "derf", "rmsnorm(kernel=libtorch)")) {
            Path target = written(norm, 256);
            try (Pretrained pretrained = Pretrained.open(target, Dtype.BF16)) {
                assertThat(text(pretrained).generatedTokens()).isPositive();
            }
            try (var files = Files.list(target)) {
                for (Path file : files.toList()) {
                    Files.delete(file);
                }
            }
        }
    }

    private static Generator.Generated text(Pretrained pretrained) {
        return new Generator(pretrained).generate("ab", new Sampling(1, 0, 1, 7), 12, List.of(), _ -> {});
    }

    @Test
    void aTokenizerThatTheEmbeddingHasNoRowsFor() throws IOException {
        Path target = written("rmsnorm", 256);
        Files.delete(target.resolve("tokenizer.json"));
        BpeTrainer trainer = new BpeTrainer();
        trainer.add("the theme of the thesis is there");
        trainer.train(262, target);
        assertThatThrownBy(() -> Pretrained.open(target, Dtype.F32))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("262 tokens")
                .hasMessageContaining("256");
    }

    @Test
    void whatIsNoModel() throws IOException {
        assertThatThrownBy(() -> Pretrained.open(folder, Dtype.F32))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("config.json")
                .hasMessageContaining("recipe.yaml");
        Path target = written("rmsnorm", 256);
        Files.delete(target.resolve("tokenizer.json"));
        assertThatThrownBy(() -> Pretrained.open(target, Dtype.F32))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("no tokenizer.json");
    }
}
