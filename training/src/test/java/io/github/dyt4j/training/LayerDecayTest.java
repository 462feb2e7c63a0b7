package io.github.dyt4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.models.Model;
import io.github.dyt4j.models.Models;
import io.github.dyt4j.torch.AdamW;
import io.github.dyt4j.torch.NormSpec;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** d^(L + 1 − layer) of the learning rate, L blocks: tokens and patches are layer 0, block i is layer i + 1, the rest L + 1. */
final class LayerDecayTest {
    private static final Recipe RECIPE = TinyRun.plain(Path.of("none")).with("weight_decay=0.05");

    private static Model vit() {
        return Models.create(
                "vit_tiny_patch16_224",
                Map.of("img_size", 8, "patch_size", 4, "embed_dim", 12, "depth", 11, "num_heads", 2, "num_classes", 3),
                NormSpec.parse("dyt"));
    }

    @Test
    void everyLayerHasItsShare() {
        try (Model model = vit();
                AdamW adamW = new AdamW(ParameterGroups.of(model, RECIPE.with("layer_decay=0.5")), 0.9, 0.999, 1e-8)) {
            Map<String, Double> scales = adamW.lrScales();
            assertThat(scales.keySet()).isEqualTo(model.parameters().trainable().keySet());
            assertThat(scales)
                    .containsEntry("cls_token", Math.pow(0.5, 12))
                    .containsEntry("pos_embed", Math.pow(0.5, 12))
                    .containsEntry("patch_embed.proj.bias", Math.pow(0.5, 12))
                    .containsEntry("blocks.0.attn.qkv.weight", Math.pow(0.5, 11))
                    .containsEntry("blocks.1.norm1.alpha", Math.pow(0.5, 10))
                    .containsEntry("blocks.10.mlp.fc2.bias", 0.5)
                    .containsEntry("norm.weight", 1.0)
                    .containsEntry("head.weight", 1.0);
            assertThat(adamW.weightDecays())
                    .containsEntry("blocks.0.attn.qkv.weight", 0.05)
                    .containsEntry("blocks.0.attn.qkv.bias", 0.0)
                    .containsEntry("cls_token", 0.0)
                    .containsEntry("head.weight", 0.05);
        }
    }

    @Test
    void withoutItThereAreTheTwoGroupsAlone() {
        try (Model model = vit()) {
            List<AdamW.Group> groups = ParameterGroups.of(model, RECIPE);
            assertThat(groups).hasSize(2).allMatch(g -> g.lrScale() == 1);
            assertThat(groups.get(0).weightDecay()).isCloseTo(0.05, within(0.0));
        }
    }
}
