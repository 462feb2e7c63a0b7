package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Autocast;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Layout;
import io.github.dyt4j.torch.Norm;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Norms;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Site;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.torch.Weights;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every weight is {@link Fill}'s: γ in 1 ± 0.2, β in ± 0.1. */
class FoldedNormsTest {
    private static final int SLOTS = 5; // TINY has two blocks

    @ParameterizedTest
    @ValueSource(
            strings = {
                "dyt",
                "dyt(kernel=eager)",
                "dyt(per_channel=true)",
                "dyt(weight=false)",
                "dyt(bias=false)",
                "derf",
                "layernorm",
                "layernorm(kernel=fused)",
                "rmsnorm",
                "rmsnorm(kernel=libtorch)"
            })
    void logitsStayAndComeBackToTheBit(String spec) {
        for (String pool : List.of("token", "avg")) {
            try (Model model = create(spec, pool)) {
                float[] before = logits(model);
                Map<String, float[]> weights = values(model);
                try (var folded = FoldedNorms.of(model)) {
                    assertThat(folded.norms())
                            .containsExactlyElementsOf(model.norms().sites());
                    assertThat(distance(logits(model), before)).as(pool).isLessThanOrEqualTo(1e-5);
                    for (Norm norm : model.norms().sites()) {
                        assertThat(plain(norm)).as(norm.name()).isLessThanOrEqualTo(1e-6);
                    }
                    assertSame(values(model), weights);
                }
                assertThat(logits(model)).isEqualTo(before);
                assertSame(values(model), weights);
                for (Norm norm : model.norms().sites()) {
                    assertThat(plain(norm)).as(norm.name()).isGreaterThan(1e-3);
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"layernorm, token", "layernorm, avg", "dyt, token", "dyt, avg"})
    void foldedLogitsAreTimms(String norm, String pool) {
        float[] expected = Objects.requireNonNull(Goldens.tensors("vit-tiny-" + norm + "-" + pool + ".safetensors")
                .get("logits"));
        try (Model model = create(norm, pool);
                var _ = FoldedNorms.of(model)) {
            assertThat(distance(logits(model), expected)).isLessThanOrEqualTo(1e-4);
        }
    }

    @Test
    void aFoldedLayerHoldsTheProductsRoundedOnce() {
        int in = 7;
        int out = 5;
        try (Parameters p = Parameters.root();
                var _ = new Scope();
                var _ = Grad.off()) {
            Norm norm = new Norms(NormSpec.parse("dyt")).at(Site.MLP, p.child("norm"), in, Layout.LAST, true);
            Linear linear = new Linear(p.child("fc"), in, out);
            Fill.parameters(p);
            float[] gamma = Tensors.floats(Objects.requireNonNull(norm.weight()));
            float[] beta = Tensors.floats(Objects.requireNonNull(norm.bias()));
            float[] w = Tensors.floats(Objects.requireNonNull(p.state().get("fc.weight")));
            float[] b = Tensors.floats(Objects.requireNonNull(p.state().get("fc.bias")));
            linear.fold(norm);
            float[] bias = Tensors.floats(linear.forward(Tensors.full(0, in)));
            float[] columns = Tensors.floats(linear.forward(torch.eye(in))); // (in, out): Wᵀ + b
            for (int o = 0; o < out; o++) {
                double sum = b[o];
                for (int i = 0; i < in; i++) {
                    sum += (double) w[o * in + i] * beta[i];
                    float product = (float) ((double) w[o * in + i] * gamma[i]);
                    assertThat(columns[i * out + o]).isEqualTo(product + bias[o]);
                }
                assertThat(bias[o]).isEqualTo((float) sum);
            }
            linear.unfold();
            assertThat(Tensors.floats(linear.forward(Tensors.full(0, in)))).isEqualTo(b);
        }
    }

    @Test
    void whatHappensToGammaAndBetaMeanwhileShowsAfterwards() {
        try (Model model = create("dyt", "avg")) {
            float[] before = logits(model);
            float[] folded;
            try (var _ = FoldedNorms.of(model)) {
                folded = logits(model);
                for (Norm norm : model.norms().sites()) {
                    scramble(Objects.requireNonNull(norm.weight()));
                    scramble(Objects.requireNonNull(norm.bias()));
                }
                assertThat(logits(model)).isEqualTo(folded);
            }
            assertThat(distance(logits(model), before)).isGreaterThan(1e-2);
        }
    }

    @Test
    void aCheckpointWrittenMeanwhileIsTheModelsOwn(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("model.safetensors");
        try (Model model = create("dyt", "avg");
                Model other = create("dyt", "avg")) {
            float[] before = logits(model);
            try (var _ = FoldedNorms.of(model)) {
                Weights.save(file, Map.of(), model.parameters().state());
            }
            other.parameters().trainable().values().forEach(FoldedNormsTest::scramble);
            Weights.load(file, other.parameters().state());
            assertThat(logits(other)).isEqualTo(before);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"dyt", "dyt(kernel=eager)", "layernorm", "rmsnorm"})
    void aTrainingStepIsRefusedUntilItIsUndone(String spec) {
        try (Model model = create(spec, "avg")) {
            Map<String, float[]> expected = gradients(model);
            try (var _ = FoldedNorms.of(model)) {
                assertThatThrownBy(() -> gradients(model))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("blocks.0.norm1")
                        .hasMessageContaining("Grad.off()");
            }
            model.parameters().zeroGrad();
            assertSame(gradients(model), expected);
        }
    }

    @Test
    void aModelThatTrainsIsNotFolded() {
        try (Model model = create("dyt", "avg")) {
            model.parameters().training(true);
            assertThatThrownBy(() -> FoldedNorms.of(model))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("training(false)");
        }
    }

    @Test
    void foldingTwiceIsAnErrorThatLeavesTheFirst() {
        try (Model model = create("dyt", "avg")) {
            float[] before = logits(model);
            var folded = FoldedNorms.of(model);
            float[] once = logits(model);
            assertThat(once).isNotEqualTo(before);
            assertThatThrownBy(() -> FoldedNorms.of(model))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("already folded");
            assertThat(logits(model)).isEqualTo(once);
            folded.close();
            assertThat(folded.norms()).isEmpty();
            try (var again = FoldedNorms.of(model)) {
                assertThat(again.norms()).hasSize(SLOTS);
                folded.close(); // once closed, it no longer touches the model
                assertThat(logits(model)).isEqualTo(once);
            }
            assertThat(logits(model)).isEqualTo(before);
        }
    }

    @Test
    void whereOneNormCannotBeFoldedNoneIs() {
        try (Model model = create("dyt", "avg")) {
            float[] before = logits(model);
            Norm third = model.norms().sites().get(2);
            third.fold(true);
            assertThatThrownBy(() -> FoldedNorms.of(model)).isInstanceOf(IllegalStateException.class);
            assertThat(model.norms().sites()).filteredOn(Norm::folded).containsExactly(third);
            third.fold(false);
            assertThat(logits(model)).isEqualTo(before);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"identity", "dyt(weight=false, bias=false)", "rmsnorm(weight=false)"})
    void withoutGammaAndBetaNothingIsFolded(String spec) {
        try (Model model = create(spec, "avg")) {
            float[] before = logits(model);
            try (var folded = FoldedNorms.of(model)) {
                assertThat(folded.norms()).isEmpty();
                assertThat(logits(model)).isEqualTo(before);
            }
        }
    }

    @Test
    void gammaMustBeCalibratedBeforeAndNotMeanwhile() {
        try (Model model = Models.create(
                "vit_tiny_patch16_224", VisionTransformerGoldenTest.TINY, NormSpec.parse("dyt(init=calibrated)"))) {
            model.parameters().training(false);
            assertThatThrownBy(() -> FoldedNorms.of(model))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("blocks.0.norm1")
                    .hasMessageContaining("Norms.calibrate");
            model.norms().calibrate(() -> logits(model));
            float[] before = logits(model);
            try (var _ = FoldedNorms.of(model)) {
                assertThat(distance(logits(model), before)).isLessThanOrEqualTo(1e-5);
                assertThatThrownBy(() -> model.norms().calibrate(() -> logits(model)))
                        .isInstanceOf(IllegalStateException.class)
                        .hasMessageContaining("calibrated");
            }
            assertThat(logits(model)).isEqualTo(before);
        }
    }

    /** In bf16 both are rounded elsewhere: the folded model may be no further from f32 than such rounding takes the other. */
    @ParameterizedTest
    @CsvSource({"dyt, false", "layernorm, false", "rmsnorm, false", "dyt, true", "layernorm, true"})
    void bf16IsAsNearToF32AsWithoutFolding(String spec, boolean autocast) {
        try (Model model = create(spec, "avg")) {
            if (!autocast) {
                cast(model, ScalarType.BFloat16);
                cast(model, ScalarType.Float); // weights that both dtypes can hold
            }
            float[] exact = logits(model);
            if (!autocast) {
                cast(model, ScalarType.BFloat16);
            }
            try (var _ = Autocast.bf16(autocast)) {
                float[] before = logits(model);
                double plain = distance(before, exact);
                try (var _ = FoldedNorms.of(model)) {
                    double folded = distance(logits(model), exact);
                    assertThat(plain).isGreaterThan(1e-4);
                    assertThat(folded).isLessThanOrEqualTo(2 * plain).isGreaterThan(1e-4);
                }
                assertThat(logits(model)).isEqualTo(before);
            }
        }
    }

    /** Three hundred foldings of 1.8 MB; all of them kept would be half a gigabyte. */
    @Test
    @EnabledOnOs(OS.LINUX)
    void closingFreesTheFoldedWeights() throws IOException {
        Map<String, Object> wide = new LinkedHashMap<>(VisionTransformerGoldenTest.TINY);
        wide.putAll(Map.of("embed_dim", 256, "num_heads", 4, "depth", 1));
        try (Model model = Models.create("vit_tiny_patch16_224", wide, NormSpec.parse("dyt"))) {
            model.parameters().training(false);
            foldAndUndo(model, 50);
            long before = residentKilobytes();
            foldAndUndo(model, 300);
            assertThat(residentKilobytes() - before).isLessThan(100_000);
        }
    }

    private static void foldAndUndo(Model model, int times) {
        for (int i = 0; i < times; i++) {
            FoldedNorms.of(model).close();
        }
    }

    private static long residentKilobytes() throws IOException {
        return Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(l -> l.startsWith("VmRSS:"))
                .mapToLong(l -> Long.parseLong(l.replaceAll("\\D", "")))
                .findFirst()
                .orElseThrow();
    }

    private static Model create(String spec, String pool) {
        Map<String, Object> overrides = new LinkedHashMap<>(VisionTransformerGoldenTest.TINY);
        overrides.put("global_pool", pool);
        Model model = Models.create("vit_tiny_patch16_224", overrides, NormSpec.parse(spec));
        Fill.parameters(model.parameters());
        model.parameters().training(false);
        return model;
    }

    private static float[] logits(Model model) {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            Tensor x = Fill.input("input", 3, 3, 16, 16);
            Tensor weight = model.parameters().trainable().firstEntry().getValue();
            return Tensors.floats(model.forward(x.to(weight.scalar_type())));
        }
    }

    /** How far the norm's forward is from the same without γ and β. */
    private static double plain(Norm norm) {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            Tensor x = Fill.input("x", 4, 24);
            return distance(Tensors.floats(norm.forward(x)), Tensors.floats(norm.squashed(x)));
        }
    }

    private static Map<String, float[]> gradients(Model model) {
        Map<String, float[]> gradients = new LinkedHashMap<>();
        try (var _ = new Scope()) {
            Tensor logits = model.forward(Fill.input("input", 3, 3, 16, 16));
            torch.cross_entropy_loss(logits, Fill.labels("labels", 3, 10)).backward();
            model.parameters().trainable().forEach((name, t) -> gradients.put(name, Tensors.floats(t.grad())));
        }
        return gradients;
    }

    private static Map<String, float[]> values(Model model) {
        Map<String, float[]> values = new LinkedHashMap<>();
        model.parameters().state().forEach((name, t) -> values.put(name, Tensors.floats(t)));
        return values;
    }

    private static void assertSame(Map<String, float[]> actual, Map<String, float[]> expected) {
        assertThat(actual.keySet()).isEqualTo(expected.keySet());
        expected.forEach((name, e) -> assertThat(actual.get(name)).as(name).isEqualTo(e));
    }

    private static void scramble(Tensor t) {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            t.mul_(new Scalar(-1.5)).add_(new Scalar(0.25));
        }
    }

    private static void cast(Model model, ScalarType dtype) {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            model.parameters()
                    .trainable()
                    .values()
                    .forEach(t -> t.set_data(t.detach().to(dtype)));
        }
    }

    /** ‖a − b‖ / ‖b‖. */
    private static double distance(float[] a, float[] b) {
        assertThat(a).hasSameSizeAs(b);
        double difference = 0;
        double size = 0;
        for (int i = 0; i < a.length; i++) {
            difference += ((double) a[i] - b[i]) * ((double) a[i] - b[i]);
            size += (double) b[i] * b[i];
        }
        return Math.sqrt(difference / size);
    }
}
