package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Logits, loss and the gradient of every parameter against timm's, from the same weights. A gradient agrees when
 * ‖Δ‖ ≤ 1e-4·max(‖g‖, 1e-6·‖all gradients‖), since some true gradients are zero.
 */
class VisionTransformerGoldenTest {
    static final Map<String, Object> TINY =
            Map.of("img_size", 16, "patch_size", 4, "embed_dim", 24, "depth", 2, "num_heads", 3, "num_classes", 10);
    private static final double TOLERANCE = 1e-4;
    private static final int BATCH = 3;

    @ParameterizedTest
    @CsvSource({
        "layernorm, layernorm, token",
        "layernorm, layernorm, avg",
        "layernorm, layernorm(kernel=fused), avg",
        "dyt, dyt, token",
        "dyt, dyt, avg",
        "dyt, dyt(kernel=eager), token",
        "dyt, dyt(kernel=eager), avg"
    })
    void tinyAgreesInEveryGradient(String golden, String spec, String pool) {
        var expected = Goldens.tensors("vit-tiny-" + golden + "-" + pool + ".safetensors");
        try (Model model = create("vit_tiny_patch16_224", TINY, pool, spec)) {
            var actual = outputs(model, "", (_, gradient) -> gradient);
            assertThat(actual.keySet()).containsExactlyInAnyOrderElementsOf(expected.keySet());
            double all = norm(expected, (_, g) -> norm(g));
            expected.forEach((name, e) ->
                    assertClose(name, Objects.requireNonNull(actual.get(name)), e, name.startsWith("grad.") ? all : 0));
        }
    }

    @ParameterizedTest
    @CsvSource({"layernorm, token", "dyt, avg"})
    void baseAgreesInTheSketchOfEveryGradient(String norm, String pool) {
        var expected = Goldens.tensors("vit-base-" + norm + "-" + pool + ".safetensors");
        try (Model model = create("vit_base_patch16_224", Map.of("img_size", 32), pool, norm)) {
            var actual = outputs(model, ".5", VisionTransformerGoldenTest::sketch);
            assertThat(actual.keySet()).containsExactlyInAnyOrderElementsOf(expected.keySet());
            double all = norm(expected, (_, sketch) -> sketch[0]);
            expected.forEach((name, e) -> {
                float[] a = Objects.requireNonNull(actual.get(name));
                if (!name.startsWith("grad.")) {
                    assertClose(name, a, e, 0);
                    return;
                }
                assertClose(name + " norm", part(a, 0, 1), part(e, 0, 1), all);
                assertClose(name + " entries", part(a, 1, 9), part(e, 1, 9), all);
                // The root mean square of the eight sums' differences estimates ‖Δ‖ over the whole gradient.
                double difference = distance(part(a, 9, 17), part(e, 9, 17)) / Math.sqrt(8);
                assertThat(difference).as(name + " sums").isLessThanOrEqualTo(TOLERANCE * Math.max(e[0], 1e-6 * all));
            });
        }
    }

    private static Model create(String name, Map<String, Object> sizes, String pool, String spec) {
        Map<String, Object> overrides = new LinkedHashMap<>(sizes);
        overrides.put("global_pool", pool);
        Model model = Models.create(name, overrides, NormSpec.parse(spec));
        Fill.parameters(model.parameters());
        return model;
    }

    private interface Reduce {
        float[] of(String name, float[] gradient);
    }

    private static SequencedMap<String, float[]> outputs(Model model, String batch, Reduce reduce) {
        SequencedMap<String, float[]> outputs = new LinkedHashMap<>();
        try (var _ = new Scope()) {
            long[] shape = model.inputShape();
            Tensor logits = model.forward(Fill.input("input" + batch, BATCH, shape[0], shape[1], shape[2]));
            Tensor loss = torch.cross_entropy_loss(logits, Fill.labels("labels" + batch, BATCH, (int) logits.size(1)));
            loss.backward();
            outputs.put("logits", Tensors.floats(logits));
            outputs.put("loss", Tensors.floats(loss));
        }
        model.parameters().trainable().forEach((name, parameter) -> {
            try (var _ = new Scope()) {
                outputs.put("grad." + name, reduce.of(name, Tensors.floats(parameter.grad())));
            }
        });
        return outputs;
    }

    /** [norm, 8 entries, 8 sums with the signs of the hash's low bits], as {@code goldens/fill.py} has it. */
    private static float[] sketch(String name, float[] g) {
        float[] sketch = new float[17];
        double[] sums = new double[8];
        long key = Fill.key(name);
        for (int i = 0; i < g.length; i++) {
            long z = Fill.hash(key, i);
            for (int k = 0; k < 8; k++) {
                sums[k] += (z >>> k & 1) == 0 ? g[i] : -g[i];
            }
        }
        sketch[0] = (float) norm(g);
        for (int k = 0; k < 8; k++) {
            sketch[1 + k] = g[(int) ((long) k * (g.length - 1) / 7)];
            sketch[9 + k] = (float) sums[k];
        }
        return sketch;
    }

    private static void assertClose(String name, float[] actual, float[] expected, double all) {
        assertThat(actual).as(name).hasSameSizeAs(expected);
        assertThat(distance(actual, expected))
                .as(name + ": ‖Δ‖, with ‖expected‖ " + norm(expected))
                .isLessThanOrEqualTo(TOLERANCE * Math.max(norm(expected), 1e-6 * all));
    }

    private interface Norm {
        double of(String name, float[] value);
    }

    private static double norm(Map<String, float[]> tensors, Norm norm) {
        return Math.sqrt(tensors.entrySet().stream()
                .filter(e -> e.getKey().startsWith("grad."))
                .mapToDouble(e -> Math.pow(norm.of(e.getKey(), e.getValue()), 2))
                .sum());
    }

    private static double norm(float[] v) {
        return distance(v, new float[v.length]);
    }

    private static double distance(float[] a, float[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            double d = (double) a[i] - b[i];
            sum += d * d;
        }
        return Math.sqrt(sum);
    }

    private static float[] part(float[] v, int from, int to) {
        return Arrays.copyOfRange(v, from, to);
    }
}
