package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
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
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ModelsTest {
    private static final NormSpec DYT = NormSpec.parse("dyt");
    private static final Map<String, Object> TINY = VisionTransformerGoldenTest.TINY;

    @Test
    void parameterCountsAreThoseOfTimm() {
        int counts = 0;
        for (var entry : Goldens.json("vit-parameters.json").get("counts").properties()) {
            String[] key = entry.getKey().split(" "); // model norm pool
            assertThat(Models.parameterCount(key[0], Map.of("global_pool", key[2]), NormSpec.parse(key[1])))
                    .as(entry.getKey())
                    .isEqualTo(entry.getValue().longValue());
            counts++;
        }
        assertThat(counts).isEqualTo(VisionTransformer.sizes().size() * 4);
    }

    @ParameterizedTest
    @ValueSource(strings = {"layernorm token", "layernorm avg", "dyt token", "dyt avg"})
    void stateHasTimmsNamesAndShapesInTimmsOrder(String normAndPool) {
        String[] key = normAndPool.split(" ");
        List<String> expected = new ArrayList<>();
        for (var entry : Goldens.json("vit-parameters.json").get("state").get(normAndPool)) {
            expected.add(entry.get(0).asString() + " " + entry.get(1).toString().replace(",", ", "));
        }
        List<String> actual = new ArrayList<>();
        try (Model model =
                Models.create("vit_tiny_patch16_224", with(TINY, "global_pool", key[1]), NormSpec.parse(key[0]))) {
            model.parameters().state().forEach((n, t) -> actual.add(n + " " + Arrays.toString(Tensors.shape(t))));
        }
        assertThat(actual).containsExactlyElementsOf(expected);
    }

    @ParameterizedTest
    @CsvSource({"vit_base_patch16_224, 25", "vit_large_patch16_224, 49"})
    void baseHas25NormSlotsAndLarge49(String name, int slots) {
        // The widths are cut down: the number of slots depends on depth alone, and large has 304 million parameters.
        Map<String, Object> narrow = Map.of("embed_dim", 32, "num_heads", 2, "img_size", 32, "global_pool", "avg");
        try (Model model = Models.create(name, narrow, DYT)) {
            var sites = model.norms().sites();
            assertThat(sites).hasSize(slots);
            assertThat(sites).filteredOn(s -> s.site() == Site.ATTENTION).hasSize(slots / 2);
            assertThat(sites).filteredOn(s -> s.site() == Site.MLP).hasSize(slots / 2);
            assertThat(sites.getLast().site()).isEqualTo(Site.FINAL);
            assertThat(sites.getFirst().name()).isEqualTo("blocks.0.norm1");
            assertThat(sites.getLast().name()).isEqualTo("fc_norm");
            List<String> seen = new ArrayList<>();
            model.norms().tap((norm, input) -> seen.add(norm.name()));
            try (var _ = new Scope()) {
                Tensor _ = model.forward(Fill.input("input", 1, 3, 32, 32));
            }
            assertThat(seen).isEqualTo(sites.stream().map(n -> n.name()).toList());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "layernorm",
                "rmsnorm",
                "identity",
                "dyt",
                "dyt(alpha=none)",
                "dyt(per_channel=true)",
                "derf",
                "dyt(bias=false)"
            })
    void theFormulaCountsWhatIsBuilt(String norm) {
        NormSpec spec = NormSpec.parse(norm);
        for (String pool : List.of("token", "avg")) {
            Map<String, Object> overrides =
                    with(with(with(TINY, "global_pool", pool), "mlp_ratio", 2.7), "in_chans", 1);
            try (Model model = Models.create("vit_small_patch8_224", overrides, spec)) {
                long built = model.parameters().trainable().values().stream()
                        .mapToLong(Tensor::numel)
                        .sum();
                assertThat(Models.parameterCount("vit_small_patch8_224", overrides, spec))
                        .isEqualTo(built);
            }
        }
    }

    @Test
    void weightsStartTheSameWhateverTheNorm() {
        Map<String, float[]> layernorm = startOf("layernorm", 7);
        Map<String, float[]> dyt = startOf("dyt", 7);
        int compared = 0;
        for (String name : layernorm.keySet()) {
            if (!name.contains("norm")) {
                assertThat(dyt.get(name)).as(name).isEqualTo(layernorm.get(name));
                compared++;
            }
        }
        assertThat(compared).isEqualTo(4 + 2 * 8 + 2);
        assertThat(startOf("dyt", 8).get("head.weight")).isNotEqualTo(dyt.get("head.weight"));
    }

    @Test
    void weightsStartAsTimms() {
        Map<String, float[]> start = startOf("dyt", 1);
        assertThat(std(get(start, "blocks.0.attn.qkv.weight"))).isBetween(0.0190, 0.0210); // 1728 draws
        assertThat(std(get(start, "blocks.1.mlp.fc2.weight"))).isBetween(0.0190, 0.0210);
        assertThat(std(get(start, "pos_embed"))).isBetween(0.0175, 0.0225);
        assertThat(std(get(start, "cls_token"))).isBetween(0.3e-6, 1.7e-6);
        assertThat(start.get("head.bias")).containsOnly(0);
        assertThat(start.get("blocks.0.mlp.fc1.bias")).containsOnly(0);
        float bound = (float) (1 / Math.sqrt(48)); // fan-in 3·4·4
        assertThat(std(get(start, "patch_embed.proj.weight")))
                .isBetween(0.95 * bound / Math.sqrt(3), 1.05 * bound / Math.sqrt(3));
        for (float w : get(start, "patch_embed.proj.weight")) {
            assertThat(w).isBetween(-bound, bound);
        }
    }

    @Test
    void calibrationReachesEverySite() {
        try (Model model = Models.create("vit_tiny_patch16_224", TINY, NormSpec.parse("dyt(init=calibrated)"))) {
            var starts = model.norms().calibrate(() -> {
                Tensor _ = model.forward(Fill.input("input", 4, 3, 16, 16));
            });
            assertThat(starts.keySet())
                    .containsExactlyElementsOf(
                            model.norms().sites().stream().map(n -> n.name()).toList());
            assertThat(starts.values()).extracting(Norms.Start::alpha).allMatch(a -> a > 0);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "vit_bsae_patch16_224 | depth | 2 | vit_base_patch16_224",
                "vit_base_patch16_224 | embed_dmi | 32 | 'embed_dim'",
                "vit_base_patch16_224 | depth | 0 | at least 1",
                "vit_base_patch16_224 | depth | 2.5 | at least 1",
                "vit_base_patch16_224 | depth | many | at least 1",
                "vit_base_patch16_224 | img_size | 30 | 16 or 32",
                "vit_base_patch16_224 | img_size | 9 | take 16",
                "vit_base_patch16_224 | embed_dim | 100 | take embed_dim 108",
                "vit_base_patch16_224 | global_pool | max | token, avg",
                "vit_base_patch16_224 | mlp_ratio | 0 | mlp_ratio",
                "vit_base_patch16_224 | mlp_ratio | wide | a number",
                "vit_base_patch16_224 | drop_path_rate | 1 | [0, 1)",
                "vit_base_patch16_224 | drop_path_rate | -0.1 | [0, 1)"
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

    private static Map<String, float[]> startOf(String norm, long seed) {
        TorchRuntime.seed(seed);
        Map<String, float[]> start = new LinkedHashMap<>();
        try (Model model = Models.create("vit_tiny_patch16_224", TINY, NormSpec.parse(norm))) {
            model.parameters().trainable().forEach((name, t) -> start.put(name, Tensors.floats(t)));
        }
        return start;
    }

    private static float[] get(Map<String, float[]> map, String name) {
        return Objects.requireNonNull(map.get(name), name);
    }

    private static double std(float[] values) {
        double sum = 0;
        for (float v : values) {
            sum += (double) v * v;
        }
        return Math.sqrt(sum / values.length);
    }

    private static Map<String, Object> with(Map<String, Object> map, String key, Object value) {
        Map<String, Object> more = new LinkedHashMap<>(map);
        more.put(key, value);
        return more;
    }
}
