package io.github.dyt4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.Safetensors;
import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.training.run.Pictures;
import io.github.dyt4j.training.run.RunResult;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class DiffusionTaskTest {
    private static final long STEPS = 12;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private static Path shared;

    @SuppressWarnings("NullAway.Init")
    private static Path data;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @BeforeAll
    static void files() throws IOException {
        data = TinyRun.data(shared.resolve("data"));
    }

    /** Two epochs of 6 steps. */
    private static Recipe recipe(Object data) {
        return Recipe.parse("""
                model: dit_s_4
                patch_size: 4
                embed_dim: 16
                depth: 1
                num_heads: 2
                norm: dyt(init=calibrated)
                batch_size: 16
                epochs: 2
                eval_interval: 2
                lr: 5e-3
                min_lr: 1e-5
                warmup_epochs: 0.5
                weight_decay: 0
                ema_decay: 0.9
                sampler: ddpm
                sample_steps: 4
                frechet_samples: 20
                threads: 1
                workers: 1
                """, "dit.yaml", "dit").with("data", data.toString());
    }

    private static Recipe pixels() {
        return recipe(data).with("img_size=8");
    }

    /** 100 latents of 3 x 4 x 4 in 5 classes. */
    private static Path latents(Path folder) throws IOException {
        Random random = new Random(1);
        ByteBuffer x = ByteBuffer.allocate(4 * 100 * 48).order(ByteOrder.LITTLE_ENDIAN);
        ByteBuffer y = ByteBuffer.allocate(8 * 100).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = 0; i < 100; i++) {
            y.putLong(i % 5);
            for (int k = 0; k < 48; k++) {
                x.putFloat((float) (random.nextGaussian() + (k % 5 == i % 5 ? 2 : 0)));
            }
        }
        Path file = folder.resolve("latents.safetensors");
        Safetensors.write(
                file,
                Map.of(),
                List.of(
                        new Safetensors.Entry(
                                "latents", "F32", new long[] {100, 3, 4, 4}, MemorySegment.ofArray(x.array())),
                        new Safetensors.Entry("labels", "I64", new long[] {100}, MemorySegment.ofArray(y.array()))));
        return file;
    }

    @Test
    void aRunOnPixelsIsJudgedByWhatItDrawsAndShowsIt() throws IOException {
        TinyRun.train(pixels(), folder, null);
        RunResult result = RunResult.read(folder).orElseThrow();
        assertThat(result.metric()).isEqualTo("Fréchet distance in the features of a small classifier");
        assertThat(result.higherIsBetter()).isFalse();
        assertThat(result.value()).isPositive();
        assertThat(result.examples()).isNull();
        assertThat(result.extras()).hasSize(3);
        assertThat(result.extras().getFirst().value()).isEqualTo(result.testLoss());
        assertThat(result.extras().getLast().value()).isGreaterThan(60); // stripes are told apart by anybody
        assertThat(result.ruleNotes()).singleElement().asString().contains("zero_init");
        assertThat(Pictures.of(folder))
                .singleElement()
                .satisfies(p -> assertThat(p.caption()).contains("DDPM", "4 steps", "0, 1, 2"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void stoppedAnywhereItGoesOnToTheSameBits(boolean onLatents) throws IOException {
        Recipe recipe = onLatents ? recipe(latents(folder)).with("batch_size=15") : pixels();
        Path unbroken = folder.resolve("unbroken");
        TinyRun.train(recipe, unbroken, null);
        for (int stop : new int[] {1, 6, 11}) {
            Path run = folder.resolve("stop" + stop);
            TinyRun.train(recipe, run, stop);
            TinyRun.train(recipe, run, null);
            assertThat(TinyRun.metrics(run)).isEqualTo(TinyRun.metrics(unbroken));
            for (String file : List.of("model.safetensors", "optimizer.safetensors", "ema.safetensors")) {
                assertThat(TinyRun.checkpointed(run, STEPS, file))
                        .as(file)
                        .isEqualTo(TinyRun.checkpointed(unbroken, STEPS, file));
            }
            assertThat(RunResult.read(run).orElseThrow().value())
                    .isEqualTo(RunResult.read(unbroken).orElseThrow().value());
        }
    }

    @Test
    void latentsDecideTheShapeOfTheModelAndShowNoPicture() throws IOException {
        Recipe recipe = recipe(latents(folder)).with("patch_size=2");
        Path run = folder.resolve("run");
        TinyRun.train(recipe, run, null);
        assertThat(RunResult.read(run).orElseThrow().value()).isPositive();
        assertThat(Pictures.of(run)).isEmpty();
        try (Task task = Task.of(recipe)) {
            assertThat(task.model().inputShape()).containsExactly(3, 4, 4);
            assertThat(Tensors.shape(java.util.Objects.requireNonNull(
                            task.model().parameters().state().get("y_embedder.embedding_table.weight"))))
                    .containsExactly(6, 16);
        }
    }

    @Test
    void everyJudgementSeesTheSameNoiseAndTraining() {
        try (Task task = Task.of(pixels().with("norm=dyt"))) {
            Evaluation first = task.evaluate();
            Evaluation second = task.evaluate();
            assertThat(second.loss()).isEqualTo(first.loss());
            assertThat(second.value()).isEqualTo(first.value());
            assertThat(second.extras()).isEqualTo(first.extras());
            assertThat(first.sites()).hasSize(3);
            try (Batches a = task.evaluation();
                    Batches b = task.evaluation();
                    var _ = new Scope()) {
                a.next();
                b.next();
                Batch x = a.next();
                assertThat(Tensors.floats(x.views().get(1)))
                        .isEqualTo(Tensors.floats(b.next().views().get(1)));
                long[] t = Tensors.longs(x.views().get(2));
                assertThat(Arrays.stream(t).distinct().count()).isEqualTo(t.length);
                assertThat(Arrays.stream(t).allMatch(i -> i >= 0 && i < 1000)).isTrue();
            }
        }
    }

    @Test
    void testTimestepsGoEvenlyThroughAll() {
        try (Task task = Task.of(pixels().with("norm=dyt").with("batch_size=30"));
                Batches test = task.evaluation();
                var _ = new Scope()) {
            long[] t = Tensors.longs(test.next().views().get(2));
            for (int tenth = 0; tenth < 10; tenth++) {
                long from = 100L * tenth;
                assertThat(Arrays.stream(t)
                                .filter(i -> i >= from && i < from + 100)
                                .count())
                        .isBetween(2L, 4L);
            }
        }
    }

    /** With every class dropped, the labels' gradient reaches the row of no class alone. */
    @ParameterizedTest
    @CsvSource({"1, 0 0 0 1", "0.5, 1 1 1 1"})
    void classesAreDroppedAsOftenAsTheRecipeSays(double probability, String reached) {
        Recipe recipe = pixels().with("norm=dyt").with("class_dropout_prob", probability);
        try (Task task = Task.of(recipe);
                Batches training = task.training(0);
                var _ = new Scope()) {
            task.objective().loss(task.model(), training.next()).backward();
            float[] g = Tensors.floats(java.util.Objects.requireNonNull(
                            task.model().parameters().trainable().get("y_embedder.embedding_table.weight"))
                    .grad());
            StringBuilder rows = new StringBuilder();
            for (int row = 0; row < 4; row++) {
                boolean any = false;
                for (int k = 0; k < 16; k++) {
                    any |= g[row * 16 + k] != 0;
                }
                rows.append(row == 0 ? "" : " ").append(any ? 1 : 0);
            }
            assertThat(rows.toString()).isEqualTo(reached);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "smoothing=0.2 | smoothing is for classifiers",
                "mean=[0.5] | mean is for other models",
                "sample_steps=1001 | sample_steps is a whole number from 2 to 1000",
                "sample_steps=1 | sample_steps is a whole number from 2 to 1000",
                "cfg_scale=100.5 | cfg_scale",
                "num_classes=2 | num_classes is 2, but the data has 3",
                "class_dropout_prob=0 | guidance scale of 1.5"
            })
    void mistakesInARecipeAreExplained(String setting, String hint) {
        assertThatThrownBy(() -> Task.of(pixels().with(setting)).close())
                .isInstanceOf(UserError.class)
                .hasMessageContaining(hint);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "img_size=8 | are 3 x 4 x 4, and the model takes 3 x 8 x 8",
                "in_chans=4 | the model takes 4 x 4 x 4",
                "num_classes=4 | has the label 4",
                "hflip=0 | hflip is for pixels",
                "smoothing=0.2 | smoothing is for classifiers",
                "patch_size=3 | multiple of patch_size"
            })
    void mistakesWithLatentsAreExplained(String setting, String hint) throws IOException {
        Recipe recipe = recipe(latents(folder)).with(setting);
        assertThatThrownBy(() -> Task.of(recipe).close())
                .isInstanceOf(UserError.class)
                .hasMessageContaining(hint);
    }

    @Test
    void samplersKeysAreForDiffusionAlone() {
        assertThatThrownBy(() ->
                        Task.of(TinyRun.plain(data).with("sample_steps=20")).close())
                .isInstanceOf(UserError.class)
                .hasMessageContaining("sample_steps is for diffusion");
    }

    @Test
    void latentsThatAreNotHereAreTriedAsNoise() {
        DryRun tried =
                DryRun.of(recipe("nowhere.safetensors").with("img_size=8").with("norm=dyt"));
        assertThat(String.join("\n", tried.lines()))
                .contains("there is no nowhere.safetensors here", "noise of 4 x 8 x 8");
    }

    @Test
    void inceptionIsForPixelsAndAFileThatIsNoInceptionIsNamed() throws IOException {
        Path file = latents(folder);
        assertThatThrownBy(() -> Task.of(recipe(file).with("batch_size=15").with("inception", file)))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("holds latents");
        assertThatThrownBy(() -> Task.of(pixels().with("inception", file)))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("missing Conv2d_1a_3x3.conv.weight");
        assertThatThrownBy(() -> Task.of(pixels().with("inception", folder.resolve("none.safetensors"))))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("none.safetensors");
    }
}
