package io.github.dyt4j.training;

import io.github.dyt4j.models.Model;
import io.github.dyt4j.torch.AdamW;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/**
 * By default the paper's two groups (timm's rule): no weight decay on parameters of at most one dimension (biases, and α, γ, β of every norm) nor on what the model
 * excepts ({@link Model#withoutDecay}); decay on the rest. With {@code decay_on: all} decay on everything, as the paper trains its language models.
 */
final class ParameterGroups {
    private ParameterGroups() {}

    static List<AdamW.Group> of(Model model, Recipe recipe) {
        double weightDecay = recipe.number("weight_decay");
        if (recipe.text("decay_on").equals("all")) {
            return List.of(
                    new AdamW.Group(new LinkedHashMap<>(model.parameters().trainable()), weightDecay));
        }
        SequencedMap<String, Tensor> with = new LinkedHashMap<>();
        SequencedMap<String, Tensor> without = new LinkedHashMap<>();
        Set<String> excepting = model.withoutDecay();
        model.parameters().trainable().forEach((name, p) -> {
            boolean excepted = p.dim() <= 1 || excepting.contains(name);
            (excepted ? without : with).put(name, p);
        });
        return List.of(new AdamW.Group(with, weightDecay), new AdamW.Group(without, 0));
    }
}
