package io.github.dyt4j.models;

import io.github.dyt4j.torch.Parameters;
import java.util.List;

/** Makes the layers of a Transformer: {@linkplain #PLAIN as they are} between norms, or as a {@link Method} has them without. */
interface Layers {
    /** As with norms. */
    Layers PLAIN = new Layers() {};

    /** A layer outside the branches, as between MAE's encoder and decoder. */
    default Linear linear(Parameters p, int in, int out) {
        return new Linear(p, in, out);
    }

    /** A branch's first layer where the branch is attention: q, k and v in this order, E to 3·E. */
    default Linear qkv(Parameters p, int dim) {
        return linear(p, dim, 3 * dim);
    }

    /** A branch's first layer where an activation reads it. */
    default Linear hidden(Parameters p, int in, int out) {
        return linear(p, in, out);
    }

    /** A branch's last layer. */
    default Linear last(Parameters p, int in, int out) {
        return linear(p, in, out);
    }

    /** The classifier, or MAE's prediction of pixels: whatever makes the model's output. */
    default Linear head(Parameters p, int in, int out) {
        return linear(p, in, out);
    }

    default PatchEmbed patchEmbed(Parameters p, int patchSize, int inChans, int embedDim) {
        return new PatchEmbed(p, patchSize, inChans, embedDim);
    }

    /** @param p the branch's node */
    default Residual residual(Parameters p) {
        return Residual.SUM;
    }

    /** Whether the weight of this name starts in the method's own way, so that a model with another start for its layers must leave it. */
    default boolean starts(String weight) {
        return false;
    }

    /** What differs from the model with norms, in sentences, for {@link Model#ruleNotes}. */
    default List<String> notes() {
        return List.of();
    }
}
