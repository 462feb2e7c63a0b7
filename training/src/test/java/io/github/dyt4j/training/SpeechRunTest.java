package io.github.dyt4j.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.formats.Safetensors;
import io.github.dyt4j.training.run.RunResult;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class SpeechRunTest {
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

    @Test
    void stoppedAnywhereItGoesOnToTheSameBits() throws IOException {
        for (Recipe recipe : List.of(TinySpeech.pretraining(data), TinySpeech.spelling(data))) {
            String head = recipe.text("head");
            Path whole = folder.resolve(head);
            TinyRun.train(recipe, whole, null);
            for (int stop : new int[] {3, 7}) {
                Path broken = folder.resolve(head + stop);
                TinyRun.train(recipe, broken, stop);
                TinyRun.train(recipe.with("workers=3"), broken, null);
                assertSame(whole, broken);
            }
        }
    }

    /** As {@link TinyRun#assertSame}, of runs that are judged by a number of the whole test set. */
    private static void assertSame(Path expected, Path actual) throws IOException {
        assertThat(TinyRun.metrics(actual)).isEqualTo(TinyRun.metrics(expected));
        for (String file : List.of("model.safetensors", "optimizer.safetensors")) {
            assertThat(TinyRun.checkpointed(actual, 10, file)).isEqualTo(TinyRun.checkpointed(expected, 10, file));
        }
        RunResult there = RunResult.read(expected).orElseThrow();
        RunResult here = RunResult.read(actual).orElseThrow();
        assertThat(here.value()).isEqualTo(there.value());
        assertThat(here.extras()).isEqualTo(there.extras());
        assertThat(there.examples()).isNull();
    }

    @Test
    void pretrainsAndThenSpells() throws IOException {
        Recipe longer = TinySpeech.pretraining(data)
                .with("norm=layernorm")
                .with("steps_per_epoch=100")
                .with("grad_accum_steps=1");
        Path pretrained = folder.resolve("pretrained");
        TinyRun.train(longer, pretrained, null);
        RunResult result = RunResult.read(pretrained).orElseThrow();
        assertThat(result.metric()).isEqualTo("validation loss");
        assertThat(result.unit()).isEqualTo("bits/frame");
        assertThat(result.higherIsBetter()).isFalse();
        assertThat(result.example()).isEqualTo("clip");
        List<Map<String, Object>> lines = TinyRun.metrics(pretrained);
        assertThat(mean(lines.subList(lines.size() - 21, lines.size() - 1)))
                .as("the loss falls")
                .isLessThan(0.8 * mean(lines.subList(0, 20)));
        assertThat(pretrained.resolve("vocab.json")).doesNotExist();

        Recipe spelling = TinySpeech.spelling(data)
                .with("init", pretrained)
                .with("norm=layernorm")
                .with("mask_time_prob=0")
                .with("mask_feature_prob=0")
                .with("warmup_epochs=0.1")
                .with("batch_size=12")
                .with("steps_per_epoch=100")
                .with("grad_accum_steps=1")
                .with("lr=1e-2");
        Path run = folder.resolve("spelling");
        List<String> notes = new ArrayList<>();
        RunResult spelt = Trainer.train(spelling, run, new Progress() {
            @Override
            public void note(String line) {
                notes.add(line);
            }
        });
        assertThat(notes).anyMatch(n -> n.endsWith("; new: lm_head.weight, lm_head.bias"));
        assertThat(spelt.metric()).isEqualTo("WER");
        assertThat(Objects.requireNonNull(spelt.value())).isLessThan(60);
        double cer = spelt.extras().getFirst().value();
        assertThat(cer).isLessThan(30).isLessThan(spelt.value());
        assertThat(Files.readString(run.resolve("vocab.json")).replaceAll("\\s", ""))
                .isEqualTo("{\"<pad>\":0,\"<s>\":1,\"</s>\":2,\"<unk>\":3,\"|\":4,\"A\":5,\"B\":6,\"C\":7}");
        // Not trained on, the convolutions are those of the pretraining.
        SequencedMap<String, float[]> before = weights(pretrained, 200);
        SequencedMap<String, float[]> after = weights(run, 200);
        String convolution = "wav2vec2.feature_extractor.conv_layers.1.conv.weight";
        assertThat(after.get(convolution)).isEqualTo(before.get(convolution));
        String projection = "wav2vec2.feature_projection.projection.weight";
        assertThat(after.get(projection)).isNotEqualTo(before.get(projection));
    }

    @Test
    void atFirstTheHeadAloneMoves() throws IOException {
        Recipe recipe = TinySpeech.spelling(data).with("norm=layernorm").with("weight_decay=0.1");
        TinyRun.train(recipe.with("min_lr=0").with("lr=0").with("weight_decay=0"), folder.resolve("start"), null);
        TinyRun.train(recipe.with("freeze_finetune_updates=10"), folder.resolve("frozen"), null);
        TinyRun.train(recipe.with("freeze_finetune_updates=9"), folder.resolve("thawed"), null);
        Map<String, float[]> start = new TreeMap<>(weights(folder.resolve("start"), 10));
        Map<String, float[]> frozen = weights(folder.resolve("frozen"), 10);
        Map<String, float[]> thawed = weights(folder.resolve("thawed"), 10);
        start.forEach((name, values) -> {
            assertThat(Arrays.equals(frozen.get(name), values)).as(name).isEqualTo(!name.startsWith("lm_head."));
        });
        String projection = "wav2vec2.feature_projection.projection.weight";
        assertThat(thawed.get(projection)).isNotEqualTo(start.get(projection));
    }

    private static double mean(List<Map<String, Object>> lines) {
        return lines.stream()
                .filter(l -> "train".equals(l.get("split")))
                .mapToDouble(l -> ((Number) Objects.requireNonNull(l.get("loss"))).doubleValue())
                .average()
                .orElseThrow();
    }

    private static SequencedMap<String, float[]> weights(Path run, int step) throws IOException {
        SequencedMap<String, float[]> weights = new LinkedHashMap<>();
        try (Safetensors file = Safetensors.open(run.resolve("checkpoints/step-" + step + "/model.safetensors"))) {
            file.entries()
                    .forEach(
                            (name, entry) -> weights.put(name, entry.data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED)));
        }
        return weights;
    }
}
