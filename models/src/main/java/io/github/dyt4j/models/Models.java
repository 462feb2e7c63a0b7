package io.github.dyt4j.models;

import io.github.dyt4j.formats.Nearest;
import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Layout;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Norms;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Site;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;

/** Models by timm's names. */
public final class Models {
    private static final SequencedMap<String, VisionTransformer.Config> VISION_TRANSFORMERS = VisionTransformer.sizes();

    private Models() {}

    /** Every name that {@link #create} takes. */
    public static List<String> names() {
        return new ArrayList<>(VISION_TRANSFORMERS.sequencedKeySet());
    }

    /**
     * Builds a model with new weights, drawn from libtorch's generator. Norms draw nothing: after the same seed, models that differ in
     * {@code spec} alone start with the same weights everywhere else.
     *
     * @param name as {@code vit_base_patch16_224}
     * @param overrides timm's keyword arguments: img_size, patch_size, in_chans, num_classes, global_pool (token or avg), embed_dim,
     *     depth, num_heads, mlp_ratio, drop_path_rate
     * @throws UserError for an unknown name, key or value, or sizes that do not fit together
     */
    public static Model create(String name, Map<String, ?> overrides, NormSpec spec) {
        return new VisionTransformer(config(name, overrides), spec);
    }

    /** How many values {@link #create} would train, without building the model. */
    public static long parameterCount(String name, Map<String, ?> overrides, NormSpec spec) {
        return VisionTransformer.parameterCount(config(name, overrides), spec);
    }

    /** About how many values a forward pass in training keeps for the backward pass, per input, without building the model. */
    public static long activationCount(String name, Map<String, ?> overrides) {
        return VisionTransformer.activationCount(config(name, overrides));
    }

    /** The shape of one input, (C, H, W), without building the model. */
    public static long[] inputShape(String name, Map<String, ?> overrides) {
        VisionTransformer.Config config = config(name, overrides);
        return new long[] {config.inChans(), config.imgSize(), config.imgSize()};
    }

    /** How many classes the model tells apart, without building it. */
    public static int numClasses(String name, Map<String, ?> overrides) {
        return config(name, overrides).numClasses();
    }

    private static VisionTransformer.Config config(String name, Map<String, ?> overrides) {
        VisionTransformer.Config config = VISION_TRANSFORMERS.get(name);
        if (config == null) {
            throw new UserError(
                    "No model is named '" + name + "'." + Nearest.hint(name, names()) + "\n"
                            + "'dyt4j list' shows all names; any size is an override, as embed_dim, depth, num_heads, patch_size or img_size.");
        }
        return config.with(new Overrides(name, overrides));
    }

    /** How many values the norm of this spec has at a site: counted on one that is made and dropped. */
    static long normParameters(NormSpec spec, Site site, int dim) {
        try (var _ = new Scope();
                var p = Parameters.root()) {
            new Norms(spec).at(site, p.child("norm"), dim, Layout.LAST, true);
            return p.trainable().values().stream().mapToLong(Tensor::numel).sum();
        }
    }
}
