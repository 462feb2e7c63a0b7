package io.github.dyt4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.Safetensors;
import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.MaskedAutoencoder;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.torch.TorchRuntime;
import io.github.dyt4j.training.data.ImageData;
import io.github.dyt4j.training.data.ImageDataset;
import io.github.dyt4j.training.data.Subset;
import io.github.dyt4j.training.run.Pictures;
import io.github.dyt4j.training.run.RunResult;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An MAE of a few thousand parameters on 16 patches an image, 4 of them seen. */
final class MaskedReconstructionTest {
    private static final long STEPS = 12;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private static Path shared;

    @SuppressWarnings("NullAway.Init")
    private static Path data;

    @SuppressWarnings("NullAway.Init")
    private static Path unbroken;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @BeforeAll
    static void oneUnbrokenRun() throws IOException {
        data = TinyRun.data(shared.resolve("data"));
        unbroken = shared.resolve("unbroken");
        TinyRun.train(recipe(), unbroken, null);
    }

    private static Recipe recipe() {
        return Recipe.parse("""
                model: mae_vit_base_patch16
                img_size: 8
                patch_size: 2
                embed_dim: 12
                depth: 2
                num_heads: 2
                decoder_embed_dim: 8
                decoder_depth: 1
                decoder_num_heads: 2
                norm_pix_loss: true
                norm: dyt(init=calibrated)
                scale: [0.5, 1]
                crop_pct: 1
                batch_size: 16
                epochs: 2
                lr: 5e-3
                min_lr: 1e-5
                warmup_epochs: 0.5
                ema_decay: 0.9
                threads: 1
                workers: 1
                """, "mae.yaml", "mae").with("data", data.toString());
    }

    @Test
    void stoppedAnywhereItGoesOnToTheSameBits() throws IOException {
        for (int stop : new int[] {1, 6, 7}) {
            Path run = folder.resolve("stop" + stop);
            TinyRun.train(recipe(), run, stop);
            TinyRun.train(recipe(), run, null);
            TinyRun.assertSame(unbroken, run, STEPS);
        }
    }

    @Test
    void aRunIsJudgedByItsProbeAndTellsTheLossToo() throws IOException {
        RunResult result = RunResult.read(unbroken).orElseThrow();
        assertThat(result.metric()).isEqualTo("probe accuracy");
        float[] scores = TinyRun.examples(unbroken, "examples.bin");
        assertThat(scores).hasSize(TinyRun.TEST);
        for (float score : scores) {
            assertThat(score).isIn(0f, 100f);
        }
        RunResult.Extra loss = result.extras().getFirst();
        assertThat(loss.metric()).isEqualTo("reconstruction loss");
        assertThat(loss.higherIsBetter()).isFalse();
        // Of normalised targets the mean is 0 and the variance about 1: who guesses 0 has a loss of about that.
        assertThat(loss.value()).isBetween(0.1, 1.2);
    }

    @Test
    void theTestLossDoesNotDependOnTheGeneratorAndTheTrainingLossDoes() {
        try (Task task = Task.of(recipe().with("norm=layernorm"));
                Batches batches = task.evaluation();
                var _ = new Scope();
                var _ = Grad.off()) {
            Batch batch = batches.next();
            TorchRuntime.seed(1);
            double loss = Evaluation.of(task, false).loss();
            float[] seen = Tensors.floats(task.objective().forward(task.model(), batch));
            float training = Tensors.floats(task.objective().loss(task.model(), batch))[0];
            TorchRuntime.seed(2);
            assertThat(Evaluation.of(task, false).loss()).isEqualTo(loss);
            assertThat(Tensors.floats(task.objective().forward(task.model(), batch)))
                    .isEqualTo(seen);
            TorchRuntime.seed(3);
            assertThat(Tensors.floats(task.objective().loss(task.model(), batch))[0])
                    .isNotEqualTo(training);
            TorchRuntime.seed(1);
            assertThat(Tensors.floats(task.objective().loss(task.model(), batch))[0])
                    .isEqualTo(training);
        }
    }

    @Test
    void imagesOfABatchHaveMasksOfTheirOwn() {
        try (Task task = Task.of(recipe().with("norm=layernorm"));
                Batches batches = task.evaluation();
                var _ = new Scope();
                var _ = Grad.off()) {
            float[] mask = Tensors.floats(MaskedReconstruction.fixed(
                            (MaskedAutoencoder) task.model(), batches.next().input())
                    .mask());
            Set<String> masks = new HashSet<>();
            for (int i = 0; i < 16; i++) {
                StringBuilder row = new StringBuilder();
                for (int j = 0; j < 16; j++) {
                    row.append((int) mask[16 * i + j]);
                }
                masks.add(row.toString());
            }
            assertThat(masks)
                    .hasSizeGreaterThan(10)
                    .allMatch(m -> m.chars().filter(c -> c == '0').count() == 4);
        }
    }

    @Test
    void aViTIsFineTunedFromTheEncoder() throws IOException {
        List<String> notes = new ArrayList<>();
        Recipe vit = recipe().with("model=vit_tiny_patch16_224")
                .with("global_pool=avg")
                .with("decoder_embed_dim=none")
                .with("decoder_depth=none")
                .with("decoder_num_heads=none")
                .with("norm_pix_loss=none")
                .with("ema_decay=none")
                .with("layer_decay=0.65")
                .with("min_lr=0")
                .with("lr=0")
                .with("weight_decay=0")
                .with("init", unbroken.toString());
        Trainer.train(vit, folder.resolve("vit"), new Progress() {
            @Override
            public void note(String line) {
                notes.add(line);
            }
        });
        assertThat(notes)
                .anyMatch(n -> n.matches("Begins with \\d+ tensors of .*step-12; new: "
                        + "fc_norm.alpha, fc_norm.weight, fc_norm.bias, head.weight, head.bias"));
        try (Safetensors tuned = Safetensors.open(folder.resolve("vit/checkpoints/step-12/model.safetensors"));
                Safetensors own = Safetensors.open(unbroken.resolve("checkpoints/step-12/ema.safetensors"))) {
            for (String name : List.of("cls_token", "pos_embed", "patch_embed.proj.weight", "blocks.1.norm2.alpha")) {
                assertThat(floats(tuned, name)).as(name).isEqualTo(floats(own, name));
            }
        }
    }

    private static float[] floats(Safetensors file, String name) {
        return Objects.requireNonNull(file.entries().get(name)).data().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    }

    @Test
    void thePictureShowsEachClassAsItIsAndAsItWasSeenAndAsItWasGuessed() throws IOException {
        assertThat(Pictures.of(unbroken)).singleElement().satisfies(p -> {
            assertThat(p.name()).isEqualTo("reconstructions");
            assertThat(p.caption()).contains("from the true patch");
        });
        BufferedImage sheet =
                ImageIO.read(Pictures.file(unbroken, "reconstructions").toFile());
        int side = 8 * 14; // 112 pixels
        assertThat(sheet.getWidth()).isEqualTo(2 + 3 * (side + 2));
        assertThat(sheet.getHeight()).isEqualTo(2 + 3 * (side + 2));
        ImageDataset test = ImageData.open(data).test();
        int asTheyAre = 0;
        for (int i = 0; i < 3; i++) { // the classes come in turn
            byte[] pixels = test.image(i).pixels();
            for (int y = 0; y < 8; y++) {
                for (int x = 0; x < 8; x++) {
                    int grey = 0x010101 * (pixels[8 * y + x] & 0xFF);
                    int[] rows = new int[3];
                    for (int row = 0; row < 3; row++) {
                        rows[row] = 0xFFFFFF & sheet.getRGB(2 + i * (side + 2) + 14 * x, 2 + row * (side + 2) + 14 * y);
                    }
                    assertThat(rows[0]).isEqualTo(grey);
                    if (rows[1] == grey) { // seen, but for the few that are as grey as what hides the others
                        asTheyAre++;
                        assertThat(rows[2]).isEqualTo(grey);
                    }
                }
            }
        }
        assertThat(asTheyAre).isBetween(3 * 16, 3 * 16 + 10);
    }

    @Test
    void theProbeSeesSoManyTrainingImagesAlwaysTheSame() {
        ImageDataset all = ImageData.open(data).train();
        assertThat(Subset.of(all, 0)).isSameAs(all);
        assertThat(Subset.of(all, 100)).isSameAs(all);
        ImageDataset some = Subset.of(all, 40);
        Set<String> names = new HashSet<>();
        for (int i = 0; i < some.size(); i++) {
            names.add(some.name(i));
            assertThat(some.label(i)).isEqualTo(Subset.of(all, 40).label(i));
        }
        assertThat(names).hasSize(40);
        try (Task task = Task.of(recipe().with("norm=layernorm").with("probe_images=40"))) {
            Features features = Features.of(
                    (ImageSetup) task.setup(),
                    task.model(),
                    x -> task.model().forward(x).mean(1));
            assertThat(features.train().size()).isEqualTo(40);
            assertThat(features.test().size()).isEqualTo(TinyRun.TEST);
            assertThat(task.model().parameters().training()).isTrue();
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "mixup=0.8 | mixup is for classifiers",
                "teacher_temp=0.07 | teacher_temp is for DINO",
                "num_classes=3 | has no 'num_classes'",
                "global_pool=avg | has no 'global_pool'",
                "drop_path_rate=0.1 | has no 'drop_path_rate'",
                "patch_size=16 | img_size 8 is not a multiple of patch_size 16",
                "mask_ratio=0.99 | hides every one of the 16 patches",
                "layer_decay=0.65 | layer_decay is for vision transformers"
            })
    void keysThatMeanNothingHereAreRefused(String set, String said) {
        assertThatThrownBy(() -> Task.of(recipe().with(set)))
                .isInstanceOf(UserError.class)
                .hasMessageContaining(said);
    }

    @Test
    void bf16TrainsToo() throws IOException {
        TinyRun.train(recipe().with("amp=bf16").with("epochs=1").with("ema_decay=none"), folder.resolve("run"), null);
        assertThat(RunResult.read(folder.resolve("run")).orElseThrow().diverged())
                .isFalse();
    }
}
