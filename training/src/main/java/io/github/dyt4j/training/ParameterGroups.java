package io.github.dyt4j.training;

import io.github.dyt4j.models.Model;
import io.github.dyt4j.torch.AdamW;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/**
 * The paper's two groups: no weight decay on parameters of at most one dimension (biases, and α, γ, β of every norm) nor on what timm's ViT
 * excepts (cls_token, pos_embed); decay on the rest.
 */
final class ParameterGroups {
    private static final Set<String> WITHOUT_DECAY = Set.of("cls_token", "pos_embed", "dist_token");

    private ParameterGroups() {}

    static List<AdamW.Group> of(Model model, double weightDecay) {
        SequencedMap<String, Tensor> with = new LinkedHashMap<>();
        SequencedMap<String, Tensor> without = new LinkedHashMap<>();
        model.parameters().trainable().forEach((name, p) -> {
            boolean excepted = p.dim() <= 1 || WITHOUT_DECAY.contains(name);
            (excepted ? without : with).put(name, p);
        });
        return List.of(new AdamW.Group(with, weightDecay), new AdamW.Group(without, 0));
    }
}
