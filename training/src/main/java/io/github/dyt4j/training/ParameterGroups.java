package io.github.dyt4j.training;

import io.github.dyt4j.models.Model;
import io.github.dyt4j.models.VisionTransformer;
import io.github.dyt4j.torch.AdamW;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/**
 * By default the paper's two groups (timm's rule): no weight decay on parameters of at most one dimension (biases, and α, γ, β of every norm) nor on what the model
 * excepts ({@link Model#withoutDecay}); decay on the rest. With {@code decay_on: all} decay on everything, as the paper trains its language models.
 * With {@code layer_decay} d each of a vision transformer's L + 2 layers has a learning rate of its own, d^(L + 1 − layer) times the step's
 * (Clark et al. 2020, section 3.3, as MAE is fine-tuned).
 */
final class ParameterGroups {
    private record Key(double weightDecay, double lrScale) {}

    private ParameterGroups() {}

    static List<AdamW.Group> of(Model model, Recipe recipe) {
        double weightDecay = recipe.number("weight_decay");
        boolean onAll = recipe.text("decay_on").equals("all");
        double layerDecay = recipe.optionalNumber("layer_decay").orElse(1);
        SequencedMap<String, Tensor> with = new LinkedHashMap<>();
        SequencedMap<String, Tensor> without = new LinkedHashMap<>();
        Set<String> excepting = model.withoutDecay();
        model.parameters().trainable().forEach((name, p) -> {
            boolean excepted = !onAll && (p.dim() <= 1 || excepting.contains(name));
            (excepted ? without : with).put(name, p);
        });
        SequencedMap<Key, SequencedMap<String, Tensor>> groups = new LinkedHashMap<>();
        with.forEach((name, p) -> put(groups, new Key(weightDecay, lrScale(model, name, layerDecay)), name, p));
        without.forEach((name, p) -> put(groups, new Key(0, lrScale(model, name, layerDecay)), name, p));
        return groups.sequencedEntrySet().stream()
                .map(e -> new AdamW.Group(
                        e.getValue(), e.getKey().weightDecay(), e.getKey().lrScale()))
                .toList();
    }

    private static void put(
            SequencedMap<Key, SequencedMap<String, Tensor>> groups, Key key, String name, Tensor parameter) {
        groups.computeIfAbsent(key, _ -> new LinkedHashMap<>()).put(name, parameter);
    }

    private static double lrScale(Model model, String name, double layerDecay) {
        return model instanceof VisionTransformer vit && layerDecay != 1
                ? Math.pow(layerDecay, vit.config().depth() + 1 - vit.layer(name))
                : 1;
    }
}
