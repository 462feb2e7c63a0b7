package io.github.dyt4j.models;

import io.github.dyt4j.formats.Nearest;
import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.NormSpec;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/** Models by name: vision transformers and ConvNeXt by timm's, ResNet and VGG by torchvision's, the others by their authors'. */
public final class Models {
    private static final SequencedMap<String, ModelConfig> SIZES = new LinkedHashMap<>();

    static {
        SIZES.putAll(VisionTransformer.sizes());
        SIZES.putAll(MaskedAutoencoder.sizes());
        SIZES.putAll(Dino.sizes());
        SIZES.putAll(ConvNeXt.sizes());
        SIZES.putAll(ResNet.sizes());
        SIZES.putAll(Vgg.sizes());
        SIZES.putAll(DiffusionTransformer.sizes());
        SIZES.putAll(HyenaDna.sizes());
        SIZES.putAll(Llama.sizes());
    }

    private Models() {}

    /** Every name that {@link #create} takes. */
    public static List<String> names() {
        return new ArrayList<>(SIZES.sequencedKeySet());
    }

    /**
     * Builds a model with new weights, drawn from libtorch's generator. Norms draw nothing: after the same seed, models that differ in
     * {@code spec} alone start with the same weights everywhere else.
     *
     * @param name as {@code vit_base_patch16_224} or {@code llama_7b}
     * @param overrides for vision transformers timm's keyword arguments: img_size, patch_size, in_chans, num_classes, global_pool (token or
     *     avg), embed_dim, depth, num_heads, mlp_ratio, drop_path_rate, and method; for LLaMA the fields of Hugging Face's config.json; for
     *     HyenaDNA those of {@link HyenaDna.Config} in snake case
     * @throws UserError for an unknown name, key or value, or sizes that do not fit together
     */
    public static Model create(String name, Map<String, ?> overrides, NormSpec spec) {
        return config(name, overrides).create(spec);
    }

    /**
     * A size by its name with a recipe's arguments put over it.
     *
     * @throws UserError for an unknown name, key or value, or sizes that do not fit together
     */
    public static ModelConfig config(String name, Map<String, ?> overrides) {
        ModelConfig config = SIZES.get(name);
        if (config == null) {
            throw new UserError(
                    "No model is named '" + name + "'." + Nearest.hint(name, names()) + "\n"
                            + "'dyt4j list' shows all names; any size is an override, as embed_dim, depth, num_heads, patch_size or img_size.");
        }
        return config.with(new Overrides(name, overrides));
    }

    /** How many values {@link #create} would train, without building the model. */
    public static long parameterCount(String name, Map<String, ?> overrides, NormSpec spec) {
        return config(name, overrides).parameterCount(spec);
    }

    /** About how many values a forward pass in training keeps for the backward pass, per input, without building the model. */
    public static long activationCount(String name, Map<String, ?> overrides) {
        return config(name, overrides).activationCount();
    }

    /** The shape of one input, without building the model. */
    public static long[] inputShape(String name, Map<String, ?> overrides) {
        return config(name, overrides).inputShape();
    }

    /** How many classes an image model tells apart, without building it. */
    public static int numClasses(String name, Map<String, ?> overrides) {
        return config(name, overrides) instanceof ImageConfig c ? c.numClasses() : 0;
    }
}
