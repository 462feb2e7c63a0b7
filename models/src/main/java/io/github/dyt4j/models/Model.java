package io.github.dyt4j.models;

import io.github.dyt4j.torch.Norms;
import io.github.dyt4j.torch.Parameters;
import java.util.List;
import java.util.Set;
import org.bytedeco.pytorch.Tensor;

/** A network: its forward pass, its named parameters and its norm slots. Closing it frees its parameters. */
public interface Model extends AutoCloseable {
    /** The model's output for a batch: logits (B, classes) for images (B, C, H, W); logits (B, T, V) for tokens (B, T). */
    Tensor forward(Tensor x);

    Parameters parameters();

    Norms norms();

    /** Which layers read which norm, for every norm that linear layers alone read: where γ and β can go for inference. */
    List<Fold> folds();

    /**
     * What the family's own rules change beside the norm itself, in sentences, where this norm calls for them: all by which two models that
     * are compared may differ.
     */
    default List<String> ruleNotes() {
        return List.of();
    }

    /** Parameters of two axes or more that weight decay leaves alone all the same, by name, where it goes by matrices. */
    default Set<String> withoutDecay() {
        return Set.of();
    }

    /** The shape of one input, without the batch: (C, H, W) for images, (T) for sequences of tokens. */
    long[] inputShape();

    @Override
    default void close() {
        parameters().close();
    }
}
