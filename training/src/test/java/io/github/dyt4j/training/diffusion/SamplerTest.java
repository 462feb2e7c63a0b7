package io.github.dyt4j.training.diffusion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.DiffusionTransformer;
import io.github.dyt4j.models.Models;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.torch.TorchRuntime;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class SamplerTest {
    private static final Map<String, Object> TINY = Map.of(
            "img_size", 8,
            "patch_size", 4,
            "in_chans", 1,
            "num_classes", 3,
            "embed_dim", 16,
            "depth", 1,
            "num_heads", 2);

    /** A model whose last layer is 0 sees no noise anywhere, so that the whole of x is image: known in closed form. */
    @Test
    void ofAModelThatSeesNoNoiseXIsTheImageScaledUp() {
        try (DiffusionTransformer model = model(TINY, "layernorm");
                var _ = new Scope()) {
            Tensor first = torch.randn(2, 1, 8, 8);
            float[] drawn = Tensors.floats(new Sampler(Sampler.Kind.DDIM, 10, 1, false)
                    .draw(model, Tensors.of(new long[] {0, 2}, 2), () -> first));
            float[] x = Tensors.floats(first);
            double factor = 1 / Math.sqrt(NoiseSchedule.linear().bar(999));
            for (int i = 0; i < x.length; i++) {
                assertThat((double) drawn[i])
                        .isBetween(
                                Math.min(x[i] * factor * 0.999, x[i] * factor * 1.001),
                                Math.max(x[i] * factor * 0.999, x[i] * factor * 1.001));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Sampler.Kind.class)
    void whatIsClippedStaysAmongPixels(Sampler.Kind kind) {
        try (DiffusionTransformer model = model(TINY, "dyt");
                var _ = new Scope()) {
            TorchRuntime.seed(3);
            Tensor drawn = new Sampler(kind, 10, 4, true)
                    .draw(model, Tensors.of(new long[] {0, 1, 2}, 3), () -> torch.randn(3, 1, 8, 8));
            assertThat(drawn.abs().max().item_double()).isBetween(0.5, 1.0 + 1e-6);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"true", "false"})
    void guidanceOfOneIsNone(String learnSigma) {
        Map<String, Object> arguments = new LinkedHashMap<>(TINY);
        arguments.put("learn_sigma", learnSigma);
        try (DiffusionTransformer model = model(arguments, "dyt");
                var _ = new Scope()) {
            float[] none = drawn(model, 1);
            float[] almost = drawn(model, 1.0000001);
            float[] much = drawn(model, 3);
            double scale = distance(none, new float[none.length]);
            assertThat(distance(none, almost)).isLessThan(1e-3 * scale);
            assertThat(distance(none, much)).isGreaterThan(1e-2 * scale);
        }
    }

    private static float[] drawn(DiffusionTransformer model, double scale) {
        TorchRuntime.seed(5);
        return Tensors.floats(new Sampler(Sampler.Kind.DDPM, 6, scale, true)
                .draw(model, Tensors.of(new long[] {0, 1, 2}, 3), () -> torch.randn(3, 1, 8, 8)));
    }

    @Test
    void withoutAClassForNobodyGuidanceIsRefused() {
        Map<String, Object> arguments = new LinkedHashMap<>(TINY);
        arguments.put("class_dropout_prob", 0);
        try (DiffusionTransformer model = model(arguments, "dyt");
                var _ = new Scope()) {
            Tensor y = Tensors.of(new long[] {0}, 1);
            assertThatThrownBy(() ->
                            new Sampler(Sampler.Kind.DDIM, 5, 2, true).draw(model, y, () -> torch.randn(1, 1, 8, 8)))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("class_dropout_prob 0");
            Tensor drawn = new Sampler(Sampler.Kind.DDIM, 5, 1, true).draw(model, y, () -> torch.randn(1, 1, 8, 8));
            assertThat(Tensors.shape(drawn)).containsExactly(1, 1, 8, 8);
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {-0.1, 100.5, Double.NaN, Double.POSITIVE_INFINITY})
    void scalesOutOfRangeAreRefused(double scale) {
        assertThatThrownBy(() -> new Sampler(Sampler.Kind.DDIM, 50, scale, true))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("0 to 100");
    }

    private static DiffusionTransformer model(Map<String, Object> arguments, String norm) {
        TorchRuntime.seed(1);
        var model = (DiffusionTransformer) Models.create("dit_s_4", arguments, NormSpec.parse(norm));
        model.parameters().training(false);
        return model;
    }

    private static double distance(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += Math.pow((double) a[i] - b[i], 2);
        }
        return Math.sqrt(sum);
    }
}
