package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Norm;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.TensorSource;
import io.github.dyt4j.torch.Tensors;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DinoTest {
    private static final Map<String, Object> TINY = DinoGoldenTest.TINY;

    private static Dino create(String spec) {
        return (Dino) Models.create("dino_vit_tiny_patch16", TINY, NormSpec.parse(spec));
    }

    @Test
    void parameterCountsAreTheReferences() {
        int counts = 0;
        for (var entry : Goldens.json("dino-parameters.json").properties()) {
            String[] key = entry.getKey().split(" "); // model norm norm_last_layer
            assertThat(Models.parameterCount(key[0], Map.of("norm_last_layer", key[2]), NormSpec.parse(key[1])))
                    .as(entry.getKey())
                    .isEqualTo(entry.getValue().longValue());
            counts++;
        }
        assertThat(counts).isEqualTo(Dino.sizes().size() * 4);
    }

    @ParameterizedTest
    @ValueSource(strings = {"layernorm", "dyt"})
    void theTeacherStartsAsTheStudentAndIsNotTrained(String spec) {
        try (Dino model = create(spec)) {
            var state = model.parameters().state();
            int twins = 0;
            for (String name : List.copyOf(state.keySet())) {
                if (name.startsWith("teacher.")) {
                    String twin = name.replaceFirst("teacher", "student");
                    assertThat(floats(state, name)).as(name).isEqualTo(floats(state, twin));
                    assertThat(Objects.requireNonNull(state.get(name)).requires_grad())
                            .as(name)
                            .isFalse();
                    twins++;
                }
            }
            assertThat(state).hasSize(2 * twins + 1).containsKey("center");
            assertThat(model.parameters().trainable().keySet())
                    .allMatch(n -> n.startsWith("student."))
                    .doesNotContain("student.head.last_layer.weight_g");
            try (var _ = new Scope()) {
                new DinoLoss(0.1, 0.04)
                        .of(model, DinoGoldenTest.crops(""))
                        .loss()
                        .backward();
                // The fused norms write their parameters' gradients by themselves.
                state.forEach((name, t) -> assertThat(t.grad().defined())
                        .as(name)
                        .isEqualTo(model.parameters().trainable().containsKey(name)));
            }
        }
    }

    @Test
    void baseHas25NormSlots() {
        Map<String, Object> narrow = new LinkedHashMap<>(TINY);
        narrow.remove("depth"); // the number of slots depends on depth alone
        try (Model model = Models.create("dino_vit_base_patch16", narrow, NormSpec.parse("dyt"))) {
            assertThat(model.norms().sites()).hasSize(25).allMatch(s -> s.name().startsWith("student.backbone."));
        }
    }

    @Test
    void calibrationGivesBothTheSame() {
        try (Dino model = create("dyt(init=calibrated)");
                var _ = new Scope()) {
            Tensor x = Fill.input("input", 4, 3, 16, 16);
            var starts = model.norms().calibrate(() -> {
                Tensor _ = model.forward(x);
            });
            assertThat(starts.keySet())
                    .containsExactlyElementsOf(
                            model.norms().sites().stream().map(Norm::name).toList());
            var state = model.parameters().state();
            for (String site : starts.keySet()) {
                for (String name : List.of(site + ".alpha", site + ".weight")) {
                    assertThat(floats(state, name.replaceFirst("student", "teacher")))
                            .as(name)
                            .doesNotContain(Float.NaN, 0.5f, 1f)
                            .isEqualTo(floats(state, name));
                }
            }
            model.parameters().training(false);
            assertThat(Tensors.floats(model.forward(x))).isEqualTo(Tensors.floats(model.studentFeatures(x)));
        }
    }

    @Test
    void attentionIsAShareOfEachPatchByHead() {
        try (Dino model = create("layernorm");
                var _ = new Scope()) {
            Tensor attention = model.attention(Fill.input("input", 2, 3, 16, 16));
            assertThat(Tensors.shape(attention)).containsExactly(2, 3, 16);
            for (float sum : Tensors.floats(attention.sum(-1))) {
                assertThat(sum).isBetween(0.5f, 1f); // less the class token's own share, a seventeenth at the start
            }
        }
    }

    /** The model for inference: the teacher's blocks run without γ and β, and its features stay. */
    @ParameterizedTest
    @ValueSource(strings = {"layernorm", "dyt"})
    void foldsTheTeachersBlocks(String spec) {
        try (Dino model = DinoGoldenTest.create(spec, true);
                var _ = new Scope()) {
            model.parameters().training(false);
            Tensor x = Fill.input("input", 2, 3, 16, 16);
            float[] before = Tensors.floats(model.forward(x));
            try (var folded = FoldedNorms.of(model);
                    var _ = io.github.dyt4j.torch.Grad.off()) {
                assertThat(folded.norms()).hasSize(4).allMatch(n -> n.name().startsWith("teacher.backbone.blocks."));
                GoldenChecks.assertClose("features", Tensors.floats(model.forward(x)), before, 0);
            }
            assertThat(Tensors.floats(model.forward(x))).isEqualTo(before);
        }
    }

    /** Tensors from a file are somebody's own: opening a model on them writes none. */
    @Test
    void aTeacherFromAFileStaysWhatItIs() {
        TensorSource source = (name, shape) -> Tensors.full(name.startsWith("teacher.") ? 2 : 1, shape);
        NormSpec spec = NormSpec.parse("layernorm");
        try (Model model = Models.config("dino_vit_tiny_patch16", TINY).create(spec, Parameters.root(source))) {
            assertThat(floats(model.parameters().state(), "teacher.backbone.cls_token"))
                    .containsOnly(2);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "out_dim | 1 | at least 2",
                "out_dim | 0 | at least 1",
                "head_hidden_dim | wide | at least 1",
                "norm_last_layer | perhaps | true or false",
                "global_pool | avg | class token",
                "method | fixup | not for DINO",
                "img_size | 30 | patch_size",
                "bottleneck | 8 | 'bottleneck_dim'"
            })
    void mistakesAreExplained(String key, String value, String hint) {
        Object typed = value.matches("[0-9]+") ? (Object) Integer.valueOf(value) : value;
        assertThatThrownBy(() -> Models.config("dino_vit_base_patch16", Map.of(key, typed)))
                .isInstanceOf(UserError.class)
                .hasMessageContaining(hint);
    }

    private static float[] floats(Map<String, Tensor> state, String name) {
        return Tensors.floats(Objects.requireNonNull(state.get(name), name));
    }
}
