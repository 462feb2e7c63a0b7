package io.github.dyt4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.formats.Safetensors;
import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.models.Models;
import io.github.dyt4j.torch.AdamW;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.training.run.RunResult;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class TrainerTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @SuppressWarnings("NullAway.Init")
    private Path data;

    @BeforeEach
    void data() throws IOException {
        data = TinyRun.data(folder.resolve("data"));
    }

    private RunResult train(Recipe recipe, String run) throws IOException {
        return Trainer.train(recipe, folder.resolve(run), Progress.NONE);
    }

    private static double lossAt(Path run, int step) throws IOException {
        return trained(run, step, "loss");
    }

    private static double normAt(Path run, int step) throws IOException {
        return trained(run, step, "grad_norm");
    }

    private static double trained(Path run, int step, String key) throws IOException {
        return (double) Objects.requireNonNull(TinyRun.metrics(run).stream()
                .filter(l -> Integer.valueOf(step).equals(l.get("step")) && "train".equals(l.get("split")))
                .findFirst()
                .orElseThrow()
                .get(key));
    }

    @Test
    void learnsWhatIsThere() throws IOException {
        Recipe recipe = TinyRun.plain(data)
                .with("data=builtin")
                .with("img_size=28")
                .with("patch_size=14")
                .with("embed_dim=24")
                .with("depth=1")
                .with("batch_size=100")
                .with("epochs=2");
        for (String norm : List.of("layernorm", "dyt(init=calibrated)")) {
            RunResult result = train(recipe.with("norm", norm), norm);
            assertThat(result.value()).as(norm).isGreaterThan(50); // chance is 10
            assertThat(result.bestValue()).isEqualTo(result.value());
            assertThat(result.norm()).isEqualTo(norm);
            assertThat(result.steps()).isEqualTo(240);
            assertThat(RunResult.read(folder.resolve(norm))).contains(result);
            float[] examples = TinyRun.examples(folder.resolve(norm), Objects.requireNonNull(result.examples()));
            assertThat(examples).hasSize(2000).containsOnly(0, 100);
            double mean = 0;
            for (float score : examples) {
                mean += score / (double) examples.length;
            }
            assertThat(result.example()).isEqualTo("image");
            assertThat(result.ruleNotes()).isEmpty();
            assertThat(result.bitsPerByte()).isNull();
            assertThat(mean).isCloseTo(result.value(), within(1e-9));
        }
    }

    @Test
    void accumulationIsTheLargerBatch() throws IOException {
        train(TinyRun.plain(data).with("batch_size=48"), "large");
        train(TinyRun.plain(data).with("batch_size=16").with("grad_accum_steps=3"), "small");
        for (int step = 1; step <= 4; step++) {
            assertThat(lossAt(folder.resolve("small"), step))
                    .isCloseTo(lossAt(folder.resolve("large"), step), within(1e-4));
            // AdamW forgives a wrong scale of the gradient; its norm does not.
            assertThat(normAt(folder.resolve("small"), step) / normAt(folder.resolve("large"), step))
                    .isCloseTo(1, within(1e-3));
        }
    }

    @Test
    void anAverageThatForgetsAtOnceIsTheModel() throws IOException {
        train(TinyRun.plain(data).with("ema_decay=0"), "ema");
        assertThat(TinyRun.checkpointed(folder.resolve("ema"), 12, "ema.safetensors"))
                .isEqualTo(TinyRun.checkpointed(folder.resolve("ema"), 12, "model.safetensors"));
        RunResult slow = train(
                TinyRun.plain(data)
                        .with("ema_decay=0.9999999")
                        .with("epochs=10")
                        .with("lr=1e-2"),
                "slow");
        RunResult none = train(TinyRun.plain(data).with("epochs=10").with("lr=1e-2"), "none");
        // an average that never moves is the untrained model: what is judged is the average, what is trained is not
        assertThat(slow.testLoss()).isCloseTo(Math.log(3), within(0.1));
        assertThat(none.testLoss()).isNotCloseTo(slow.testLoss(), within(0.1));
        assertThat(TinyRun.checkpointed(folder.resolve("slow"), 60, "model.safetensors"))
                .isEqualTo(TinyRun.checkpointed(folder.resolve("none"), 60, "model.safetensors"));
    }

    @Test
    void bf16TrainsToNearlyTheSameLoss() throws IOException {
        train(TinyRun.plain(data), "f32");
        train(TinyRun.plain(data).with("amp=bf16"), "bf16");
        double f32 = lossAt(folder.resolve("f32"), 12);
        double bf16 = lossAt(folder.resolve("bf16"), 12);
        assertThat(bf16).isCloseTo(f32, within(0.05)).isNotEqualTo(f32);
    }

    @Test
    void divergenceEndsTheRunWithTheBestBeforeIt() throws IOException {
        // far above what an unbounded function bears
        Recipe recipe = TinyRun.plain(data)
                .with("epochs=30")
                .with("norm=linear")
                .with("clip_grad=none")
                .with("lr=3")
                .with("warmup_epochs=20");
        RunResult result = train(recipe, "run");
        assertThat(result.diverged()).as(result.toString()).isTrue();
        assertThat(result.steps()).isLessThan(180);
        assertThat(result.value()).isEqualTo(result.bestValue()).isNotNull();
        assertThat(result.examples()).isEqualTo("examples-best.bin");
        Map<String, Object> last = TinyRun.metrics(folder.resolve("run")).getLast();
        assertThat(last).containsEntry("split", "diverged");
        assertThat(train(recipe, "run")).isEqualTo(result);
    }

    @Test
    void calibrationIsRecordedAndShowsAtTheSites() throws IOException {
        RunResult result = train(
                TinyRun.plain(data)
                        .with("norm=dyt(init=calibrated)")
                        .with("epochs=1")
                        .with("warmup_epochs=0"),
                "run");
        assertThat(result.calibration()).hasSize(5).containsKey("fc_norm");
        String first = Files.readString(folder.resolve("run/sites.jsonl"))
                .lines()
                .findFirst()
                .orElseThrow();
        double alpha = Objects.requireNonNull(
                        Objects.requireNonNull(result.calibration()).get("fc_norm"))
                .getOrDefault("alpha", Double.NaN);
        assertThat(first)
                .startsWith("{\"step\":0,\"epoch\":0,")
                .contains("\"name\":\"fc_norm\",\"site\":\"final\",\"alpha\":" + (double) (float) alpha);
        assertThat(train(TinyRun.plain(data).with("epochs=1").with("warmup_epochs=0"), "plain")
                        .calibration())
                .isNull();
    }

    @Test
    void noDecayOnVectorsAndTokensUnlessAllIsAskedFor() {
        Recipe decay = TinyRun.plain(data).with("weight_decay=0.05");
        try (Model model = Models.create(
                "vit_tiny_patch16_224",
                Map.of("img_size", 8, "patch_size", 4, "embed_dim", 12, "depth", 1, "num_heads", 2, "num_classes", 3),
                NormSpec.parse("dyt"))) {
            List<AdamW.Group> groups = ParameterGroups.of(model, decay);
            assertThat(groups.get(0).weightDecay()).isEqualTo(0.05);
            assertThat(groups.get(0).parameters())
                    .containsOnlyKeys(
                            "patch_embed.proj.weight",
                            "blocks.0.attn.qkv.weight",
                            "blocks.0.attn.proj.weight",
                            "blocks.0.mlp.fc1.weight",
                            "blocks.0.mlp.fc2.weight",
                            "head.weight");
            assertThat(groups.get(1).weightDecay()).isZero();
            assertThat(groups.get(1).parameters())
                    .containsKeys(
                            "cls_token",
                            "pos_embed",
                            "blocks.0.norm1.alpha",
                            "blocks.0.norm1.weight",
                            "norm.bias",
                            "head.bias")
                    .hasSize(model.parameters().trainable().size() - 6);
            List<AdamW.Group> all = ParameterGroups.of(model, decay.with("decay_on=all"));
            assertThat(all).singleElement().satisfies(g -> {
                assertThat(g.weightDecay()).isEqualTo(0.05);
                assertThat(g.parameters()).isEqualTo(model.parameters().trainable());
            });
        }
    }

    @Test
    void checkpointsAreTheModelByName() throws IOException {
        train(TinyRun.plain(data).with("epochs=1").with("warmup_epochs=0"), "run");
        try (Safetensors file = Safetensors.open(folder.resolve("run/checkpoints/step-6/model.safetensors"))) {
            assertThat(file.entries())
                    .containsKeys("cls_token", "blocks.1.norm2.weight", "fc_norm.bias", "head.weight");
        }
    }

    @Test
    void aBadImageStopsTheRunUnlessItMayBeLeftOut() throws IOException {
        Path images = folder.resolve("images");
        for (String split : List.of("train", "val")) {
            for (String label : List.of("a", "b")) {
                Path of = Files.createDirectories(images.resolve(split).resolve(label));
                for (int i = 0; i < 8; i++) {
                    BufferedImage image = new BufferedImage(10, 9, BufferedImage.TYPE_INT_RGB);
                    image.setRGB(i, i, label.equals("a") ? 0xff0000 : 0x00ff00);
                    ImageIO.write(image, "png", of.resolve(i + ".png").toFile());
                }
            }
        }
        Path bad = images.resolve("train/b/3.png");
        Files.write(bad, Arrays.copyOf(Files.readAllBytes(bad), 40));
        Recipe recipe =
                TinyRun.plain(images).with("batch_size=8").with("mean=none").with("std=none");
        assertThatThrownBy(() -> train(recipe, "strict"))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("3.png");
        List<String> notes = new ArrayList<>();
        Progress listen = new Progress() {
            @Override
            public void note(String line) {
                notes.add(line);
            }
        };
        RunResult result = Trainer.train(recipe.with("skip_bad=true"), folder.resolve("lenient"), listen);
        assertThat(result.steps()).isEqualTo(4);
        assertThat(notes)
                .filteredOn(n -> n.startsWith("Left out "))
                .singleElement()
                .asString()
                .contains("3.png");
    }

    @Test
    void mistakesInDataAreNamed() throws IOException {
        assertThatThrownBy(() -> train(TinyRun.plain(data).with("batch_size=101"), "a"))
                .isInstanceOf(UserError.class)
                .hasMessage("100 training images do not fill one batch of 101.\nTake a smaller batch_size.");
        assertThatThrownBy(() -> train(TinyRun.plain(data).with("grad_accum_steps=7"), "b"))
                .isInstanceOf(UserError.class)
                .hasMessage("The training data has 6 batches of 16, fewer than the 7 of grad_accum_steps.");
        assertThatThrownBy(() -> train(TinyRun.plain(data).with("num_classes=2"), "c"))
                .isInstanceOf(UserError.class)
                .hasMessageStartingWith("num_classes is 2, but the data has 3 classes.");
        Path single = folder.resolve("single");
        Files.createDirectories(single.resolve("train/only"));
        Files.createDirectories(single.resolve("val/only"));
        for (String split : List.of("train", "val")) {
            ImageIO.write(
                    new BufferedImage(8, 8, BufferedImage.TYPE_BYTE_GRAY),
                    "png",
                    single.resolve(split).resolve("only/a.png").toFile());
        }
        assertThatThrownBy(() -> train(TinyRun.plain(single), "d"))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("one class");
        assertThat(folder.resolve("a/recipe.yaml")).doesNotExist();
    }
}
