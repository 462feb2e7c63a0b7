package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.torch.TorchRuntime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Masked autoencoders without norms. */
class MaskedAutoencoderMethodTest {
    private static final Map<String, Object> TINY = Map.of(
            "img_size",
            16,
            "patch_size",
            4,
            "embed_dim",
            24,
            "depth",
            2,
            "num_heads",
            2,
            "decoder_embed_dim",
            16,
            "decoder_depth",
            1,
            "decoder_num_heads",
            2);

    private static MaskedAutoencoder create(String method, String norm) {
        Map<String, Object> arguments = new LinkedHashMap<>(TINY);
        if (!method.isEmpty()) {
            arguments.put("method", method);
        }
        TorchRuntime.seed(11);
        return (MaskedAutoencoder) Models.create("mae_vit_base_patch16", arguments, NormSpec.parse(norm));
    }

    @ParameterizedTest
    @EnumSource(Method.class)
    void everyMethodTrainsAndStartsOutsideTheBranchesAsWithNorms(Method method) {
        try (MaskedAutoencoder model = create(method.key(), "identity");
                MaskedAutoencoder norms = create("", "layernorm");
                var _ = new Scope()) {
            // σReparam has weights of its own wherever it has layers.
            List<String> outside = method == Method.SIGMAREPARAM
                    ? List.of("cls_token", "mask_token")
                    : List.of("cls_token", "mask_token", "patch_embed.proj.weight", "decoder_embed.weight");
            for (String name : outside) {
                assertThat(values(model, name)).as(name).isEqualTo(values(norms, name));
            }
            assertThat(model.ruleNotes()).isNotEmpty();
            Tensor loss = model.reconstruct(Fill.input("input", 3, 3, 16, 16)).loss();
            loss.backward();
            assertThat(loss.item_double()).isFinite().isPositive();
            model.parameters()
                    .trainable()
                    .forEach(
                            (name, p) -> assertThat(p.grad().defined()).as(name).isTrue());
        }
    }

    @Test
    void fixupPredictsNothingAtTheStart() {
        try (MaskedAutoencoder model = create("fixup", "identity");
                var _ = new Scope()) {
            Tensor x = Fill.input("input", 3, 3, 16, 16);
            assertThat(Tensors.floats(model.reconstruct(x).prediction())).containsOnly(0);
            assertThat(values(model, "decoder_blocks.0.mlp.fc2.weight")).containsOnly(0);
            assertThat(values(model, "blocks.1.attn.proj.weight")).containsOnly(0);
            assertThat(values(model, "blocks.1.mlp.fc1.weight")).doesNotContain(0);
        }
    }

    @Test
    void skipInitLeavesTheStreamAsItIsAtTheStart() {
        try (MaskedAutoencoder model = create("skipinit", "identity");
                var _ = new Scope()) {
            Map<String, float[]> seen = new LinkedHashMap<>();
            model.norms().tap((norm, input) -> seen.put(norm.name(), Tensors.floats(input)));
            model.reconstruct(Fill.input("input", 3, 3, 16, 16));
            assertThat(seen.get("norm")).isEqualTo(seen.get("blocks.0.norm1"));
            assertThat(seen.get("decoder_norm")).isEqualTo(seen.get("decoder_blocks.0.norm1"));
        }
    }

    @Test
    void aNormBesideAMethodIsRefused() {
        assertThatThrownBy(() -> create("fixup", "dyt"))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("norm must be identity");
    }

    private static float[] values(Model model, String name) {
        return Tensors.floats(Objects.requireNonNull(model.parameters().state().get(name)));
    }
}
