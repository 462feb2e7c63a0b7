package io.github.dyt4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.torch.TorchRuntime;
import io.github.dyt4j.training.audio.Sounds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SpeechTaskTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private static Path data;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @BeforeAll
    static void clips() throws IOException {
        TinySpeech.data(data);
    }

    /** What is not trained is not calibrated either. */
    private static Recipe recipe() {
        return TinySpeech.pretraining(data).with("norm=dyt");
    }

    @Test
    void anEvaluationIsRepeatable() {
        try (Task task = Task.of(recipe())) {
            TorchRuntime.seed(1);
            Evaluation first = task.evaluate();
            TorchRuntime.seed(2);
            Evaluation second = task.evaluate();
            assertThat(second.value()).isEqualTo(first.value());
            assertThat(second.extras()).isEqualTo(first.extras()).containsOnlyKeys("accuracy", "code perplexity");
            assertThat(first.value()).isCloseTo(first.loss() / Math.log(2), within(1e-12));
            // Six candidates of which chance finds one, log2(6) bits at most, and the penalties on top.
            assertThat(first.value()).isBetween(1.0, 20.0);
            assertThat(first.extras().get("code perplexity")).isBetween(2.0, 16.0);
            assertThat(first.examples()).isEmpty();
            assertThat(first.sites()).hasSize(2 * 2 + 2);
        }
    }

    @Test
    void theChancesOfAStepAreOfTheGenerator() {
        try (Task task = Task.of(recipe());
                Batches batches = task.training(0);
                var _ = new Scope()) {
            Batch batch = batches.next();
            assertThat(Tensors.shape(batch.input())[1]).isLessThanOrEqualTo(500);
            double[] losses = new double[3];
            for (int i = 0; i < 3; i++) {
                TorchRuntime.seed(i / 2);
                losses[i] = task.objective().loss(task.model(), batch).item_double();
            }
            assertThat(losses[1]).isEqualTo(losses[0]);
            assertThat(losses[2]).isNotEqualTo(losses[0]);
        }
    }

    @Test
    void theTemperatureFallsToItsLeast() {
        Contrastive objective = new Contrastive(TinySpeech.pretraining(data)
                .with("max_gumbel_temperature=2")
                .with("min_gumbel_temperature=0.5")
                .with("gumbel_temperature_decay=0.9"));
        try (Task task = Task.of(recipe())) {
            for (int step : new int[] {0, 1, 7, 13, 14, 100}) {
                objective.before(task.model(), new Moment(step, 1000, 10));
                assertThat(objective.temperature()).isCloseTo(step < 14 ? 2 * Math.pow(0.9, step) : 0.5, within(1e-12));
            }
        }
    }

    /** Against the sum over all V^F paths. */
    @Test
    void ctcIsTheProbabilityOfAllPathsThatSpellTheTranscript() {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int frames = 5;
        int v = 4;
        float[] logits = new float[2 * frames * v];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) random.nextGaussian();
        }
        long[][] targets = {{1, 1, 3}, {2, -1, -1}};
        long[] own = {5, 3}; // the second clip is shorter
        double[] expected = new double[2];
        for (int b = 0; b < 2; b++) {
            long[] target = Arrays.stream(targets[b]).filter(t -> t >= 0).toArray();
            for (int path = 0; path < Math.pow(v, own[b]); path++) {
                double p = 1;
                long[] symbols = new long[(int) own[b]];
                for (int f = 0; f < own[b]; f++) {
                    symbols[f] = path / (int) Math.pow(v, f) % v;
                    double sum = 0;
                    for (int k = 0; k < v; k++) {
                        sum += Math.exp(logits[(b * frames + f) * v + k]);
                    }
                    p *= Math.exp(logits[(b * frames + f) * v + (int) symbols[f]]) / sum;
                }
                if (Arrays.equals(spelt(symbols), target)) {
                    expected[b] += p;
                }
            }
        }
        try (var _ = new Scope()) {
            Batch batch =
                    new Batch(Tensors.of(new float[2], 2, 1), Tensors.of(new long[] {1, 1, 3, 2, -1, -1}, 2, 3), null);
            Tensor losses = Ctc.losses(Tensors.of(logits, 2, frames, v), batch, own);
            for (int b = 0; b < 2; b++) {
                assertThat(Tensors.floats(losses)[b])
                        .as("seed " + seed)
                        .isCloseTo((float) -Math.log(expected[b]), within(1e-5f));
            }
            // Three frames cannot spell "1 1 3": no path, and no loss.
            assertThat(Tensors.floats(Ctc.losses(Tensors.of(logits, 2, frames, v), batch, new long[] {3, 3}))[0])
                    .isZero();
        }
    }

    private static long[] spelt(long[] path) {
        long[] out = new long[path.length];
        int n = 0;
        for (int f = 0; f < path.length; f++) {
            if (path[f] != 0 && (f == 0 || path[f] != path[f - 1])) {
                out[n++] = path[f];
            }
        }
        return Arrays.copyOf(out, n);
    }

    @Test
    void transcriptsBecomeSymbolsAndLengths() {
        try (Task task = Task.of(TinySpeech.spelling(data));
                Batches batches = task.training(0);
                var _ = new Scope()) {
            Batch batch = batches.next();
            long[] lengths = Tensors.longs(batch.views().get(1));
            long[] symbols = Tensors.longs(batch.labels());
            int longest = symbols.length / 4;
            for (int i = 0; i < 4; i++) {
                // A letter or a space is 120 samples.
                long spoken = Arrays.stream(symbols, i * longest, (i + 1) * longest)
                        .filter(s -> s >= 0)
                        .peek(s -> assertThat(s).isBetween(4L, 7L))
                        .count();
                assertThat(spoken * 120).isEqualTo(lengths[i]);
            }
            assertThat(batch.input().size(1))
                    .isEqualTo(Arrays.stream(lengths).max().orElseThrow());
        }
    }

    @Test
    void shortAndSilentClipsAreLeftOutAndSaid() throws IOException {
        Path own = TinySpeech.data(Files.createDirectory(folder.resolve("own")));
        Sounds.write(own.resolve("short.wav"), Sounds.wav(Sounds.tone(24, 100, 1000), 1000, 1));
        Path silent = Sounds.write(own.resolve("silent.wav"), Sounds.wav(new float[400], 1000, 1));
        // 25 samples are a frame, and two frames more are 40.
        try (Task task = Task.of(recipe().with("data", own.toString()).with("held_out=0.9"))) {
            assertThat(task.describe()).endsWith("left out: 1 of fewer than 65 samples (short.wav)");
            var _ = task.evaluate();
            assertThat(task.skipped()).containsExactly(silent + " is silent");
        }
        Files.writeString(own.resolve("silent.txt"), "A");
        Files.writeString(own.resolve("short.txt"), "A");
        try (Task task = Task.of(TinySpeech.spelling(own))) {
            assertThat(task.describe()).endsWith("left out: 1 of fewer than 25 samples (short.wav)");
        }
    }

    @Test
    void clipsThatCannotBeSpeltAreLeftOutAndSaid() throws IOException {
        Path own = TinySpeech.data(Files.createDirectory(folder.resolve("own")));
        for (int i = 0; i < 8; i++) {
            Sounds.write(own.resolve("many" + i + ".wav"), Sounds.wav(Sounds.tone(100, 100, 1000), 1000, 1));
            Files.writeString(own.resolve("many" + i + ".txt"), "ABCABCABC");
        }
        try (TaskSetup setup = TaskSetup.of(TinySpeech.spelling(own).with("held_out=0.2"))) {
            assertThat(setup.describe())
                    .containsPattern("; left out: [1-8] with more symbols than frames to say them in$");
        }
    }

    @Test
    void withoutItsDataARecipeIsTriedOnNoise() {
        for (String head : new String[] {"contrastive", "ctc"}) {
            Recipe recipe = (head.equals("ctc") ? TinySpeech.spelling(data).with("norm=dyt") : recipe())
                    .with("data", Path.of("no", "such", "speech").toString())
                    .with("max_sample_size=400");
            try (TaskSetup noise = TaskSetup.trial(recipe, 8);
                    Task task = noise.build();
                    var _ = new Scope()) {
                assertThat(noise.noise()).isTrue();
                assertThat(noise.trainingExamples()).isEqualTo(8);
                assertThat(noise.describe()).isEqualTo("noise in clips of 400 samples");
                double loss = task.objective()
                        .loss(task.model(), task.training(0).next())
                        .item_double();
                assertThat(loss).isPositive().isFinite();
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "mixup=0.8 | mixup is for images, and wav2vec2_base learns from speech: leave it away.",
                "seq_len=128 | seq_len is for text, and wav2vec2_base learns from speech: leave it away.",
                "probe_images=5 | probe_images is for pretraining without labels, and wav2vec2_base has no use for it",
                "freeze_finetune_updates=5 | freeze_finetune_updates is for speech with transcripts",
                "data=jdk | The data jdk are text, and wav2vec2_base learns from speech.",
                "data=/no/such/folder | The data folder /no/such/folder does not exist.",
                "min_sample_size=600 | max_sample_size 500 is less than min_sample_size 600: no clip is both.",
                "max_sample_size=60 | max_sample_size 60 is less than the 65 samples that wav2vec2_base needs at least",
                "head=ctc | gumbel_temperature_decay is for speech without transcripts"
            })
    void whatDoesNotGoTogetherIsSaid(String change, String said) {
        assertThatThrownBy(() -> TaskSetup.of(TinySpeech.pretraining(data).with(change)))
                .isInstanceOf(UserError.class)
                .hasMessageStartingWith(said);
    }

    @Test
    void othersHaveNoUseForSpeechsKeys() {
        assertThatThrownBy(() -> TaskSetup.of(Recipe.defaults().with("sample_rate=8000")))
                .isInstanceOf(UserError.class)
                .hasMessage("sample_rate is for speech, and vit_tiny_patch16_224 has no use for it: leave it away.");
        assertThatThrownBy(() -> TaskSetup.of(TinySpeech.spelling(data).with("vocab_size=7")))
                .isInstanceOf(UserError.class)
                .hasMessage("vocab_size is 7, but the transcripts have 8 symbols.\n"
                        + "Leave vocab_size away, and it is taken from the data.");
    }
}
