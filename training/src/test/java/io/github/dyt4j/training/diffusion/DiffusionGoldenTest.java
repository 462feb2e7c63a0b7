package io.github.dyt4j.training.diffusion;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.formats.Safetensors;
import io.github.dyt4j.models.DiffusionTransformer;
import io.github.dyt4j.models.Models;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.lang.foreign.ValueLayout;
import java.net.URISyntaxException;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The loss with its variance term and every gradient, and guided trajectories, against {@code goldens/dit.py}. */
class DiffusionGoldenTest {
    private static final double TOLERANCE = 1e-4;
    private static final ValueLayout.OfFloat FLOAT =
            ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final Map<String, Object> SMALLER =
            Map.of("img_size", 8, "patch_size", 2, "num_classes", 5, "embed_dim", 16, "depth", 1, "num_heads", 2);

    @ParameterizedTest
    @CsvSource({"layernorm, layernorm", "dyt, dyt", "dyt, dyt(kernel=eager)"})
    void lossAndEveryGradientAgree(String golden, String norm) {
        Map<String, float[]> expected = golden("dit-loss-" + golden);
        try (DiffusionTransformer model = model(norm, expected)) {
            try (var _ = new Scope()) {
                DenoisingLoss.Terms terms = DenoisingLoss.of(
                        model, image(expected, "x0"), ids(expected, "t"), labels(expected), image(expected, "noise"));
                Tensor bound = Objects.requireNonNull(terms.bound());
                assertClose("squared", Tensors.floats(terms.squared().mean()), get(expected, "squared"), 0);
                assertClose("bound", Tensors.floats(bound.mean()), get(expected, "bound"), 0);
                terms.mean().backward();
            }
            double all = Math.sqrt(expected.entrySet().stream()
                    .filter(e -> e.getKey().startsWith("grad."))
                    .mapToDouble(e -> Math.pow(norm(e.getValue()), 2))
                    .sum());
            model.parameters().trainable().forEach((name, p) -> {
                try (var _ = new Scope()) {
                    assertClose(name, Tensors.floats(p.grad()), get(expected, "grad." + name), all);
                }
            });
        }
    }

    @ParameterizedTest
    @EnumSource(Sampler.Kind.class)
    void trajectoriesAgree(Sampler.Kind kind) {
        Map<String, float[]> weights = golden("dit-loss-dyt");
        Map<String, float[]> expected = golden("dit-draw-" + kind.name().toLowerCase(java.util.Locale.ROOT));

        Sampler sampler = new Sampler(kind, 4, 2.5, kind == Sampler.Kind.DDIM);
        List<String> asked = new ArrayList<>();
        try (DiffusionTransformer model = model("dyt", weights);
                var _ = new Scope()) {
            Tensor drawn = sampler.draw(model, labels(expected), () -> {
                asked.add("noise." + asked.size());
                return image(expected, asked.getLast());
            });
            assertClose("x.4", Tensors.floats(drawn), get(expected, "x.4"), 0);
        }
        assertThat(asked)
                .containsExactlyElementsOf(expected.keySet().stream()
                        .filter(n -> n.startsWith("noise."))
                        .sorted()
                        .toList());
    }

    private static DiffusionTransformer model(String norm, Map<String, float[]> weights) {
        var model = (DiffusionTransformer) Models.create("dit_s_2", SMALLER, NormSpec.parse(norm));
        model.parameters().trainable().forEach((name, p) -> {
            try (var _ = new Scope();
                    var _ = Grad.off()) {
                p.copy_(Tensors.of(get(weights, "weight." + name), Tensors.shape(p)));
            }
        });
        return model;
    }

    private static Tensor image(Map<String, float[]> golden, String name) {
        return Tensors.of(get(golden, name), 4, 4, 8, 8);
    }

    private static Tensor labels(Map<String, float[]> golden) {
        long[] y = ids(golden, "y");
        return Tensors.of(y, y.length);
    }

    private static long[] ids(Map<String, float[]> golden, String name) {
        float[] values = get(golden, name);
        long[] ids = new long[values.length];
        for (int i = 0; i < ids.length; i++) {
            ids[i] = (long) values[i];
        }
        return ids;
    }

    static float[] get(Map<String, float[]> golden, String name) {
        return Objects.requireNonNull(golden.get(name), name);
    }

    static Map<String, float[]> golden(String name) {
        Map<String, float[]> tensors = new LinkedHashMap<>();
        try (Safetensors file = Safetensors.open(Path.of(
                Objects.requireNonNull(DiffusionGoldenTest.class.getResource("/goldens/" + name + ".safetensors"))
                        .toURI()))) {
            file.entries().forEach((n, entry) -> tensors.put(n, entry.data().toArray(FLOAT)));
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
        return tensors;
    }

    private static void assertClose(String name, float[] actual, float[] expected, double all) {
        assertThat(actual).as(name).hasSameSizeAs(expected);
        double sum = 0;
        for (int i = 0; i < actual.length; i++) {
            double d = (double) actual[i] - expected[i];
            sum += d * d;
        }
        assertThat(Math.sqrt(sum))
                .as(name + ": ‖Δ‖, with ‖expected‖ " + norm(expected))
                .isLessThanOrEqualTo(TOLERANCE * Math.max(norm(expected), 1e-6 * all));
    }

    private static double norm(float[] values) {
        double sum = 0;
        for (float v : values) {
            sum += (double) v * v;
        }
        return Math.sqrt(sum);
    }
}
