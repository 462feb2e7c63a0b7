package io.github.dyt4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.Dino;
import io.github.dyt4j.models.DinoLoss;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.torch.TorchRuntime;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class SelfDistillationTest {
    private static final String LAST = "student.head.last_layer.weight_v";

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private static Path shared;

    @SuppressWarnings("NullAway.Init")
    private static Path data;

    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @BeforeAll
    static void images() throws IOException {
        TorchRuntime.start(1);
        data = TinyRun.data(shared.resolve("data"));
    }

    /** Two epochs of 6 steps with everything on that has a state, a schedule or takes chances. */
    private static Recipe recipe() {
        return Recipe.parse("""
                model: dino_vit_tiny_patch16
                img_size: 8
                patch_size: 4
                embed_dim: 12
                depth: 2
                num_heads: 2
                drop_path_rate: 0.2
                out_dim: 16
                head_hidden_dim: 20
                bottleneck_dim: 8
                norm: dyt(init=calibrated)
                local_crops_number: 2
                local_crops_size: 4
                warmup_teacher_temp: 0.04
                teacher_temp: 0.07
                warmup_teacher_temp_epochs: 2
                momentum_teacher: 0.9
                freeze_last_layer: 1
                probe_images: 40
                batch_size: 16
                epochs: 2
                lr: 5e-3
                warmup_epochs: 0.5
                weight_decay: 0.04
                weight_decay_end: 0.4
                clip_grad: 0.3
                clip_mode: parameter
                threads: 1
                workers: 1
                """, "dino.yaml", "dino").with("data", data.toString());
    }

    @Test
    void stoppedAnywhereItGoesOnToTheSameBits() throws IOException {
        Path unbroken = folder.resolve("unbroken");
        TinyRun.train(recipe(), unbroken, null);
        for (int stop : new int[] {1, 5, 6, 8}) {
            Path run = folder.resolve("stop" + stop);
            TinyRun.train(recipe(), run, stop);
            TinyRun.train(recipe(), run, null);
            TinyRun.assertSame(unbroken, run, 12);
        }
        assertThat(unbroken.resolve("pictures/attention.png")).isRegularFile();
        assertThat(unbroken.resolve("pictures/features.png")).isRegularFile();
    }

    @ParameterizedTest
    @CsvSource({"0, 1, 0.07", "1, 0, 0.04", "1, 1, 0.07", "4, 0, 0.04", "4, 1, 0.05", "4, 3, 0.07", "4, 9, 0.07"})
    void theTeachersTemperatureRisesEpochByEpoch(double warmup, int epoch, double temperature) {
        var objective = new SelfDistillation(recipe().with("warmup_teacher_temp_epochs", warmup), 16);
        assertThat(objective.teacherTemp(epoch)).isCloseTo(temperature, within(1e-12));
    }

    @Test
    void theLastLayerStaysForAnEpochAndThenMoves() throws IOException {
        Recipe recipe = recipe();
        TinyRun.train(recipe, folder, 5); // of 6 steps of the first epoch
        float[] frozen = weights(recipe, folder, 5);
        try (Task task = Task.of(recipe)) {
            assertThat(frozen)
                    .isEqualTo(values(task.model().parameters().state().get(LAST)));
        }
        TinyRun.train(recipe, folder, 7);
        assertThat(weights(recipe, folder, 7)).isNotEqualTo(frozen);
    }

    private static float[] weights(Recipe recipe, Path run, long step) throws IOException {
        try (Task task = Task.of(recipe)) {
            io.github.dyt4j.torch.Weights.load(
                    run.resolve("checkpoints/step-" + step + "/model.safetensors"),
                    task.model().parameters().state(),
                    true);
            return values(task.model().parameters().state().get(LAST));
        }
    }

    /** The teacher's momentum is the schedule's, and the centre moves to the mean over all passes of a step. */
    @Test
    void aStepMovesTeacherAndCentre() {
        Recipe recipe = recipe().with("norm=layernorm").with("drop_path_rate=0");
        try (Task task = Task.of(recipe);
                Batches batches = task.training(0);
                var _ = new Scope()) {
            Dino model = (Dino) task.model();
            SelfDistillation objective = (SelfDistillation) task.objective();
            Batch one = batches.next();
            Batch two = batches.next();
            assertThat(one.views()).hasSize(4);
            assertThat(one.views()).extracting(v -> v.size(-1)).containsExactly(8L, 8L, 4L, 4L);
            Moment moment = new Moment(3, 12, 6);
            objective.before(model, moment);
            Tensor mean;
            try (var _ = Grad.off()) {
                Tensor first = model.teacher(one.views().subList(0, 2)).mean(0);
                mean = first.add(model.teacher(two.views().subList(0, 2)).mean(0))
                        .div(new Scalar(2))
                        .clone();
                objective.loss(model, one);
                objective.loss(model, two);
                Tensor student = state(model, "student.backbone.cls_token");
                student.add_(new Scalar(1));
                float[] before = values(state(model, "teacher.backbone.cls_token"));
                objective.after(model, moment);
                double m = 1 - 0.1 * 0.5 * (1 + Math.cos(Math.PI * 3 / 12));
                float[] after = values(state(model, "teacher.backbone.cls_token"));
                for (int i = 0; i < after.length; i++) {
                    assertThat(after[i] - before[i]).isCloseTo((float) (1 - m), within(1e-6f));
                }
            }
            float[] expected = values(mean);
            float[] center = values(model.center());
            for (int k = 0; k < center.length; k++) {
                assertThat(center[k]).isCloseTo(0.1f * expected[k], within(1e-6f));
            }
        }
    }

    @Test
    void isJudgedByProbesOfTheTeacher() {
        Recipe recipe = recipe().with("norm=dyt");
        try (Task task = Task.of(recipe)) {
            Dino model = (Dino) task.model();
            Evaluation judged = task.evaluate();
            assertThat(judged.loss()).isBetween(0.0, 30.0);
            assertThat(judged.examples()).hasSize(TinyRun.TEST).containsOnly(0, 100);
            assertThat(judged.sites().keySet()).hasSize(5).allMatch(n -> n.startsWith("student.backbone."));
            assertThat(judged.extras().keySet())
                    .containsExactlyElementsOf(task.objective().extraMetrics().stream()
                            .map(Objective.Metric::name)
                            .toList());
            assertThat(judged.extras().get("k-NN accuracy")).isBetween(0.0, 100.0);
            assertThat(judged.extras().get("teacher information")).isPositive();
            assertThat(task.model().parameters().training()).isTrue();
            // A teacher that tells every image the same is found out.
            try (var _ = new Scope();
                    var _ = Grad.off()) {
                state(model, "teacher.head.last_layer.weight_v").fill_(new Scalar(1));
            }
            Evaluation collapsed = task.evaluate();
            assertThat(collapsed.extras().get("teacher entropy")).isCloseTo(Math.log(16), within(1e-5));
            assertThat(collapsed.extras().get("teacher information")).isCloseTo(0, within(1e-5));
        }
    }

    @Test
    void showsAttentionAndFeatures() {
        try (Task task = Task.of(recipe().with("norm=layernorm"))) {
            List<Picture> pictures = task.pictures();
            assertThat(pictures).extracting(Picture::name).containsExactly("attention", "features");
            var attention = pictures.getFirst().image();
            // three classes by an image and two heads of 8 pixels, 14 times as large, 2 pixels apart
            assertThat(attention.getWidth()).isEqualTo(3 * (8 * 14 + 2) + 2);
            assertThat(attention.getHeight()).isEqualTo(3 * (8 * 14 + 2) + 2);
            assertThat(pictures.getLast().caption()).contains("0 blue, 1 orange, 2 green");
        }
    }

    @Test
    void isTriedWithoutItsData() {
        Recipe recipe = recipe().with("data=nowhere-at-all").with("in_chans=3");
        DryRun run = DryRun.of(recipe);
        assertThat(run.sites()).isEqualTo("5 (2 attention, 1 final, 2 mlp)");
        assertThat(run.secondsPerStep()).isPositive();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "local_crops_size=12 | larger than img_size 8",
                "local_crops_size=6 | take 4 or 8",
                "local_crops_size=3 | take 4.",
                "scale=[0.5, 1] | global_crops_scale",
                "num_classes=3 | num_classes is for classifiers",
                "mixup=0.8 | mixup is for classifiers",
                "cfg_scale=2 | cfg_scale is for diffusion",
                "global_pool=avg | class token"
            })
    void mistakesAreExplained(String change, String hint) {
        assertThatThrownBy(() -> Task.of(recipe().with(change)))
                .isInstanceOf(UserError.class)
                .hasMessageContaining(hint)
                .message()
                .satisfies(m -> assertThat(m.lines().count()).isLessThanOrEqualTo(3));
    }

    @ParameterizedTest
    @ValueSource(strings = {"local_crops_number=0", "local_crops_size=8", "norm_last_layer=false", "amp=bf16"})
    void runsWith(String change) throws IOException {
        Recipe recipe = recipe().with(change).with("epochs=1").with("norm=dyt");
        if (change.equals("local_crops_number=0")) {
            recipe = recipe.with("local_crops_size=96"); // nobody looks at it
        }
        TinyRun.train(recipe, folder, null);
        assertThat(TinyRun.examples(folder, "examples.bin")).hasSize(TinyRun.TEST);
    }

    @Test
    void classifiersHaveNoUseForItsKeys() {
        assertThatThrownBy(() -> Task.of(TinyRun.recipe(data).with("teacher_temp=0.07")))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("teacher_temp is for DINO");
    }

    /** The same loss in the trainer's step as by hand: what is trained is what the golden vectors checked. */
    @Test
    void theLossIsDinoLossAtTheEpochsTemperature() {
        Recipe recipe = recipe().with("norm=layernorm").with("drop_path_rate=0");
        try (Task task = Task.of(recipe);
                Batches batches = task.training(0);
                var _ = new Scope()) {
            TorchRuntime.seed(1);
            Batch batch = batches.next();
            for (int epoch : new int[] {0, 1}) {
                task.objective().before(task.model(), new Moment(epoch * 6L, 12, 6));
                double loss = task.objective().loss(task.model(), batch).item_double();
                double expected = new DinoLoss(0.1, epoch == 0 ? 0.04 : 0.07)
                        .of((Dino) task.model(), batch.views())
                        .loss()
                        .item_double();
                assertThat(loss).isEqualTo(expected);
            }
        }
    }

    /** What was learnt without labels is where a classifier begins: it takes the teacher's backbone by name. */
    @Test
    void aClassifierBeginsWithTheTeacher() throws IOException {
        Recipe pretraining = recipe().with("epochs=1").with("norm=dyt");
        TinyRun.train(pretraining, folder, null);
        Recipe tuning =
                TinyRun.plain(data).with("norm=dyt").with("global_pool=token").with("init", folder.toString());
        try (Task before = Task.of(pretraining);
                Task task = Task.of(tuning)) {
            io.github.dyt4j.torch.Weights.load(
                    folder.resolve("checkpoints/step-6/model.safetensors"),
                    before.model().parameters().state(),
                    true);
            assertThat(InitialWeights.load(tuning, task.model())).endsWith("; new: head.weight, head.bias");
            task.model().parameters().state().forEach((name, t) -> {
                if (!name.startsWith("head.")) {
                    assertThat(values(t))
                            .as(name)
                            .isEqualTo(
                                    values(before.model().parameters().state().get("teacher.backbone." + name)));
                }
            });
        }
    }

    /** DyT's features hardly differ between images at first: sharpened, the teacher tells all of them one thing surely, and the loss begins near 0. */
    @Test
    void aLossThatRisesFromNothingIsNoFailure() {
        var objective = new SelfDistillation(recipe(), 16);
        for (double loss : new double[] {6, 20 + Math.log(16) - 1e-9}) {
            assertThat(new Divergence(List.of(0.01, 0.02), objective.harmlessLoss()).failed(loss))
                    .isFalse();
        }
        for (double loss : new double[] {20 + Math.log(16) + 1e-9, Double.NaN}) {
            assertThat(new Divergence(List.of(0.01, 0.02), objective.harmlessLoss()).failed(loss))
                    .isTrue();
        }
        assertThat(new Divergence(List.of(0.01, 0.02)).failed(6)).isTrue();
    }

    private static Tensor state(Dino model, String name) {
        return Objects.requireNonNull(model.parameters().state().get(name), name);
    }

    private static float[] values(@org.jspecify.annotations.Nullable Tensor t) {
        return Tensors.floats(Objects.requireNonNull(t));
    }
}
