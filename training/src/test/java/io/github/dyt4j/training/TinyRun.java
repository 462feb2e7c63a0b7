package io.github.dyt4j.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.training.run.Metrics;
import io.github.dyt4j.training.run.RunFolder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A data set of rows, columns and checks under noise, a ViT of a few thousand parameters, and what two equal runs have equal. */
final class TinyRun {
    static final int TRAIN = 100;
    static final int TEST = 30;
    private static final int SIDE = 8;
    private static final Set<String> VARY = Set.of("ms_per_step", "examples_per_second", "peak_bytes");

    private TinyRun() {}

    /** Writes the data set as IDX files. */
    static Path data(Path folder) throws IOException {
        Files.createDirectories(folder);
        split(folder, "train", TRAIN, 1);
        split(folder, "t10k", TEST, 2);
        return folder;
    }

    private static void split(Path folder, String split, int count, long seed) throws IOException {
        Random random = new Random(seed);
        ByteBuffer images = ByteBuffer.allocate(16 + count * SIDE * SIDE);
        ByteBuffer labels = ByteBuffer.allocate(8 + count);
        images.putInt(0x803).putInt(count).putInt(SIDE).putInt(SIDE);
        labels.putInt(0x801).putInt(count);
        for (int i = 0; i < count; i++) {
            int label = i % 3;
            labels.put((byte) label);
            for (int y = 0; y < SIDE; y++) {
                for (int x = 0; x < SIDE; x++) {
                    boolean on = (label == 0 ? y : label == 1 ? x : x + y) % 2 == 0;
                    images.put((byte) Math.clamp((on ? 160 : 90) + (long) (40 * random.nextGaussian()), 0, 255));
                }
            }
        }
        Files.write(folder.resolve(split + "-images-idx3-ubyte"), images.array());
        Files.write(folder.resolve(split + "-labels-idx1-ubyte"), labels.array());
    }

    /** Two epochs of 6 steps with everything on that has a state or takes chances. */
    static Recipe recipe(Path data) {
        return Recipe.parse("""
                model: vit_tiny_patch16_224
                img_size: 8
                patch_size: 4
                embed_dim: 12
                depth: 2
                num_heads: 2
                global_pool: avg
                drop_path_rate: 0.2
                norm: dyt(init=calibrated)
                scale: [0.5, 1]
                mixup: 0.4
                cutmix: 0.5
                reprob: 0.2
                batch_size: 16
                epochs: 2
                lr: 5e-3
                min_lr: 1e-5
                warmup_epochs: 0.5
                clip_grad: 1
                ema_decay: 0.9
                threads: 1
                workers: 1
                """, "tiny.yaml", "tiny").with("data", data.toString());
    }

    /** The same with nothing left to chance and no averaging: what a test adds is what it is about. */
    static Recipe plain(Path data) {
        Recipe recipe = recipe(data);
        for (String off : List.of(
                "drop_path_rate=0",
                "scale=[1, 1]",
                "ratio=[1, 1]",
                "mixup=0",
                "cutmix=0",
                "reprob=0",
                "hflip=0",
                "ema_decay=none",
                "norm=layernorm")) {
            recipe = recipe.with(off);
        }
        return recipe;
    }

    /** Trains until this many steps are done, and stops there; null: to the end. */
    static void train(Recipe recipe, Path folder, @Nullable Integer stopAfter) throws IOException {
        int[] steps = {0};
        Progress count = new Progress() {
            @Override
            public void step(Step step) {
                steps[0] = (int) step.step();
            }
        };
        boolean ended = Trainer.train(recipe, folder, count, () -> stopAfter != null && steps[0] >= stopAfter)
                .isPresent();
        assertThat(ended).isEqualTo(stopAfter == null);
    }

    static byte[] checkpointed(Path run, long step, String file) throws IOException {
        return Files.readAllBytes(
                run.resolve("checkpoints").resolve("step-" + step).resolve(file));
    }

    /** The scores of a run's test examples. */
    static float[] examples(Path run, String file) throws IOException {
        FloatBuffer scores = ByteBuffer.wrap(Files.readAllBytes(run.resolve(file)))
                .order(ByteOrder.LITTLE_ENDIAN)
                .asFloatBuffer();
        float[] values = new float[scores.remaining()];
        scores.get(values);
        return values;
    }

    /** metrics.jsonl but for what the clock and the machine decide. */
    static List<Map<String, Object>> metrics(Path run) throws IOException {
        List<Map<String, Object>> lines = Metrics.read(run.resolve("metrics.jsonl"));
        lines.forEach(l -> l.keySet().removeAll(VARY));
        return lines;
    }

    /** Asserts that two runs came to the same end by the same way, to the bit. */
    static void assertSame(Path expected, Path actual, long lastStep) throws IOException {
        assertThat(metrics(actual)).isEqualTo(metrics(expected));
        assertThat(Files.readString(actual.resolve("sites.jsonl")))
                .isEqualTo(Files.readString(expected.resolve("sites.jsonl")));
        List<String> files = Files.exists(expected.resolve("checkpoints/step-" + lastStep + "/ema.safetensors"))
                ? List.of("model.safetensors", "optimizer.safetensors", "ema.safetensors")
                : List.of("model.safetensors", "optimizer.safetensors");
        for (String file : files) {
            assertThat(checkpointed(actual, lastStep, file)).as(file).isEqualTo(checkpointed(expected, lastStep, file));
        }
        assertThat(actual.resolve("examples.bin")).hasSameBinaryContentAs(expected.resolve("examples.bin"));
        Map<String, Object> there = RunFolder.readResult(expected).orElseThrow();
        Map<String, Object> here = RunFolder.readResult(actual).orElseThrow();
        for (Map<String, Object> result : List.of(there, here)) {
            result.keySet().removeAll(Set.of("msPerStep", "examplesPerSecond", "peakBytes"));
        }
        assertThat(here).isEqualTo(there);
    }
}
