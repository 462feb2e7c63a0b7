package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Autocast;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Norms;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Site;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.torch.TorchRuntime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DiffusionTransformerTest {
    private static final NormSpec DYT = NormSpec.parse("dyt");
    private static final Map<String, Object> TINY = DiffusionTransformerGoldenTest.TINY;

    @Test
    void parameterCountsAreThoseOfTheReference() {
        int counts = 0;
        for (var entry : Goldens.json("dit-parameters.json").get("counts").properties()) {
            String[] key = entry.getKey().split(" "); // model norm
            assertThat(Models.parameterCount(key[0], Map.of(), NormSpec.parse(key[1])))
                    .as(entry.getKey())
                    .isEqualTo(entry.getValue().longValue());
            counts++;
        }
        assertThat(counts).isEqualTo(DiffusionTransformer.sizes().size() * 2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"layernorm", "dyt"})
    void stateHasTheAuthorsNamesAndShapesInTheirOrder(String norm) {
        List<String> expected = new ArrayList<>();
        for (var entry : Goldens.json("dit-parameters.json").get("state").get(norm)) {
            expected.add(entry.get(0).asString() + " " + entry.get(1).toString().replace(",", ", "));
        }
        List<String> actual = new ArrayList<>();
        try (Model model = Models.create("dit_s_2", TINY, NormSpec.parse(norm))) {
            model.parameters().state().forEach((n, t) -> actual.add(n + " " + Arrays.toString(Tensors.shape(t))));
            assertThat(model.parameters().trainable()).doesNotContainKey("pos_embed");
        }
        assertThat(actual).containsExactlyElementsOf(expected);
    }

    @ParameterizedTest
    @CsvSource({"dit_b_4, 25", "dit_l_4, 49", "dit_xl_2, 57"})
    void everyNormIsASlotAndReachedInOrder(String name, int slots) {
        // The widths are cut down: the number of slots depends on depth alone.
        Map<String, Object> narrow = Map.of("embed_dim", 32, "num_heads", 2, "img_size", 8);
        try (Model model = Models.create(name, narrow, DYT)) {
            var sites = model.norms().sites();
            assertThat(sites).hasSize(slots);
            assertThat(sites).filteredOn(s -> s.site() == Site.ATTENTION).hasSize(slots / 2);
            assertThat(sites).filteredOn(s -> s.site() == Site.MLP).hasSize(slots / 2);
            assertThat(sites.getLast().name()).isEqualTo("final_layer.norm_final");
            assertThat(sites).allMatch(s -> s.weight() == null && s.bias() == null);
            List<String> seen = new ArrayList<>();
            model.norms().tap((norm, input) -> seen.add(norm.name()));
            try (var _ = new Scope()) {
                Tensor out = model.forward(Fill.input("input", 2, 4, 8, 8));
                assertThat(Tensors.shape(out)).containsExactly(2, 8, 8, 8);
            }
            assertThat(seen).isEqualTo(sites.stream().map(n -> n.name()).toList());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "layernorm,, true",
        "rmsnorm,, true",
        "dyt,, false",
        "derf,, false",
        "dyt, true, true",
        "layernorm, false, false"
    })
    void whetherItStartsAtZeroGoesByTheNormUnlessTheRecipeSays(String norm, @Nullable String given, boolean zero) {
        Map<String, Object> arguments = new LinkedHashMap<>(TINY);
        if (given != null) {
            arguments.put("zero_init", given);
        }
        Map<String, float[]> start = startOf(norm, arguments, 1);
        for (String name : List.of(
                "blocks.0.adaLN_modulation.1.weight",
                "blocks.1.adaLN_modulation.1.weight",
                "final_layer.adaLN_modulation.1.weight",
                "final_layer.linear.weight")) {
            float[] w = get(start, name);
            if (zero) {
                assertThat(w).as(name).containsOnly(0);
            } else {
                int out = name.contains("blocks") ? 6 * 24 : name.contains("linear") ? 32 : 2 * 24;
                assertThat(rms(w)).as(name).isBetween(0.93 * xavier(24, out), 1.07 * xavier(24, out));
            }
        }
        try (Model model = Models.create("dit_s_2", arguments, NormSpec.parse(norm))) {
            assertThat(model.ruleNotes()).hasSize(given == null && !zero ? 1 : 0);
        }
    }

    @Test
    void weightsStartTheSameWhateverTheNormButForWhatTheRuleSays() {
        Map<String, float[]> layernorm = startOf("layernorm", TINY, 7);
        Map<String, float[]> dyt = startOf("dyt", TINY, 7);
        int compared = 0;
        for (String name : layernorm.keySet()) {
            boolean byRule = name.contains("adaLN") || name.contains("final_layer.linear");
            assertThat(Arrays.equals(dyt.get(name), layernorm.get(name)))
                    .as(name)
                    .isEqualTo(!byRule || name.endsWith("bias"));
            compared++;
        }
        assertThat(compared).isEqualTo(7 + 2 * 10 + 4);
        assertThat(startOf("dyt", TINY, 8).get("x_embedder.proj.weight"))
                .isNotEqualTo(dyt.get("x_embedder.proj.weight"));
    }

    @Test
    void weightsStartAsTheAuthors() {
        Map<String, float[]> start = startOf("dyt", TINY, 1);
        assertThat(rms(get(start, "t_embedder.mlp.0.weight"))).isBetween(0.0195, 0.0205);
        assertThat(rms(get(start, "t_embedder.mlp.2.weight"))).isBetween(0.018, 0.022);
        assertThat(rms(get(start, "y_embedder.embedding_table.weight"))).isBetween(0.016, 0.024);
        assertThat(rms(get(start, "blocks.0.attn.qkv.weight"))).isBetween(0.95 * xavier(24, 72), 1.05 * xavier(24, 72));
        assertThat(rms(get(start, "blocks.1.mlp.fc2.weight"))).isBetween(0.95 * xavier(96, 24), 1.05 * xavier(96, 24));
        assertThat(rms(get(start, "x_embedder.proj.weight"))).isBetween(0.9 * xavier(16, 24), 1.1 * xavier(16, 24));
        start.forEach((name, values) -> {
            if (name.endsWith("bias")) {
                assertThat(values).as(name).containsOnly(0);
            }
        });
    }

    @Test
    void anExampleHasNoPartInAnothersOutput() {
        try (var model = (DiffusionTransformer) Models.create("dit_s_2", TINY, DYT);
                var _ = Grad.off();
                var _ = new Scope()) {
            Fill.parameters(model.parameters());
            Tensor x = Fill.input("input", 3, 4, 8, 8);
            float[] all = Tensors.floats(
                    model.forward(x, ids(5, 700, 20), ids(0, 1, 2)).select(0, 1));
            float[] alone = Tensors.floats(model.forward(x.narrow(0, 1, 1), ids(700), ids(1)));
            assertThat(GoldenChecks.distance(all, alone)).isLessThan(1e-5 * GoldenChecks.norm(alone));
            float[] otherTime = Tensors.floats(model.forward(x.narrow(0, 1, 1), ids(699), ids(1)));
            float[] otherClass = Tensors.floats(model.forward(x.narrow(0, 1, 1), ids(700), ids(2)));
            assertThat(GoldenChecks.distance(all, otherTime)).isGreaterThan(1e-3 * GoldenChecks.norm(all));
            assertThat(GoldenChecks.distance(all, otherClass)).isGreaterThan(1e-3 * GoldenChecks.norm(all));
        }
    }

    @Test
    void withoutANumberForNobodyThereIsNoGuidance() {
        Map<String, Object> arguments = new LinkedHashMap<>(TINY);
        arguments.put("class_dropout_prob", 0);
        arguments.put("learn_sigma", "false");
        try (var model = (DiffusionTransformer) Models.create("dit_s_2", arguments, DYT);
                var _ = new Scope()) {
            assertThat(Tensors.shape(Objects.requireNonNull(
                            model.parameters().state().get("y_embedder.embedding_table.weight"))))
                    .containsExactly(5, 24);
            assertThat(Tensors.shape(model.forward(Fill.input("input", 2, 4, 8, 8))))
                    .containsExactly(2, 4, 8, 8);
            assertThatThrownBy(model::nullClass).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void calibrationReachesEverySite() {
        try (Model model = Models.create("dit_s_2", TINY, NormSpec.parse("dyt(init=calibrated)"))) {
            var starts = model.norms().calibrate(() -> {
                Tensor _ = model.forward(Fill.input("input", 4, 4, 8, 8));
            });
            assertThat(starts.keySet())
                    .containsExactlyElementsOf(
                            model.norms().sites().stream().map(n -> n.name()).toList());
            assertThat(starts.values()).extracting(Norms.Start::alpha).allMatch(a -> a > 0);
            assertThat(starts.values()).extracting(Norms.Start::gamma).allMatch(g -> g.isNaN());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"layernorm", "dyt"})
    void everyParameterLearnsInBf16Too(String norm) {
        try (var model = (DiffusionTransformer) Models.create("dit_s_2", TINY, NormSpec.parse(norm));
                var _ = new Scope()) {
            Fill.parameters(model.parameters());
            try (var _ = Autocast.bf16(true)) {
                model.forward(Fill.input("input", 2, 4, 8, 8), ids(3, 900), ids(1, 5))
                        .square()
                        .mean()
                        .backward();
            }
            model.parameters()
                    .trainable()
                    .forEach((name, p) -> assertThat(GoldenChecks.norm(Tensors.floats(p.grad())))
                            .as(name)
                            .isPositive());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "dit_b_3 | depth | 2 | dit_b_2",
                "dit_b_4 | global_pool | avg | has no 'global_pool'",
                "dit_b_4 | img_size | 30 | 28 or 32",
                "dit_b_4 | img_size | 3 | take 4",
                "dit_b_4 | num_heads | 5 | take embed_dim 770",
                "dit_b_4 | mlp_ratio | 0 | mlp_ratio",
                "dit_b_4 | class_dropout_prob | 1.5 | [0, 1]",
                "dit_b_4 | learn_sigma | maybe | true or false",
                "dit_b_4 | zero_init | maybe | true or false"
            })
    void mistakesAreExplained(String model, String key, String value, String hint) {
        Object typed = value.matches("-?[0-9]+")
                ? (Object) Integer.valueOf(value)
                : value.matches("-?[0-9.]+") ? (Object) Double.valueOf(value) : value;
        assertThatThrownBy(() -> Models.create(model, Map.of(key, typed), DYT))
                .isInstanceOf(UserError.class)
                .hasMessageContaining(hint)
                .message()
                .satisfies(m -> assertThat(m.lines().count()).isLessThanOrEqualTo(3));
    }

    @Test
    void aWidthWithoutQuartersIsRefused() {
        assertThatThrownBy(() -> Models.create("dit_s_2", Map.of("embed_dim", 30, "num_heads", 3), DYT))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("multiple of 4");
    }

    private static Tensor ids(long... values) {
        return Tensors.of(values, values.length);
    }

    private static Map<String, float[]> startOf(String norm, Map<String, Object> arguments, long seed) {
        TorchRuntime.seed(seed);
        Map<String, float[]> start = new LinkedHashMap<>();
        try (Model model = Models.create("dit_s_2", arguments, NormSpec.parse(norm))) {
            model.parameters().trainable().forEach((name, t) -> {
                if (!name.endsWith("alpha") && !name.endsWith("shift")) {
                    start.put(name, Tensors.floats(t));
                }
            });
        }
        return start;
    }

    private static float[] get(Map<String, float[]> map, String name) {
        return Objects.requireNonNull(map.get(name), name);
    }

    /** The standard deviation of U(±√(6/(in + out))). */
    private static double xavier(int in, int out) {
        return Math.sqrt(2.0 / (in + out));
    }

    private static double rms(float[] values) {
        return GoldenChecks.norm(values) / Math.sqrt(values.length);
    }
}
