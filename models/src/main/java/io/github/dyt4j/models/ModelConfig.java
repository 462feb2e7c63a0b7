package io.github.dyt4j.models;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.TensorSource;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** A model before it is built: its sizes, checked. */
public sealed interface ModelConfig permits ImageConfig, DnaConfig, AudioConfig, Llama.Config {
    /** The model on these parameters, which decide where its weights come from. */
    Model create(NormSpec spec, Parameters parameters);

    /** This size with a recipe's model arguments put over it. */
    ModelConfig with(Overrides arguments);

    /** About how many values a forward pass in training keeps for the backward pass, per input. */
    long activationCount();

    /** The shape of one input: (C, H, W) for images, (T) for sequences of tokens. */
    long[] inputShape();

    /** Heads of its attention, which no shape of a weight tells; 0 where it has none. */
    default int heads() {
        return 0;
    }

    /**
     * Why this family does not take this norm, in words that go on after "norm 'batchnorm': "; null where it takes it. By default a model is
     * of tokens, and takes all norms that look at one token alone.
     */
    default @Nullable String refusal(NormSpec norm) {
        return switch (norm.function()) {
            case BATCHNORM ->
                "its statistics go over all tokens of a batch, so that what a token becomes would depend on the batch's other examples";
            case GROUPNORM ->
                "its statistics go over all tokens of an example, so that what a token becomes would depend on those after it";
            default -> null;
        };
    }

    /** @throws UserError where this family does not take this norm, saying why */
    default void require(NormSpec norm) {
        String why = refusal(norm);
        if (why != null) {
            throw new UserError("norm '" + norm + "': " + why
                    + ".\nIt is for convnext_*, resnet50 and vgg19_bn; 'dyt4j list' shows the others.");
        }
    }

    /**
     * The model with new weights, drawn from libtorch's generator. Norms draw nothing: after the same seed, models that differ in
     * {@code spec} alone start with the same weights everywhere else.
     *
     * @throws UserError where this family does not take this norm
     */
    default Model create(NormSpec spec) {
        require(spec);
        return create(spec, Parameters.root());
    }

    /** Names and shapes of the state dict, without the memory of the weights. */
    default SequencedMap<String, long[]> shapes(NormSpec spec) {
        SequencedMap<String, long[]> shapes = new LinkedHashMap<>();
        TensorSource nothing = TensorSource.hollow();
        create(spec, Parameters.root((name, shape) -> {
                    shapes.put(name, shape);
                    return nothing.tensor(name, shape);
                }))
                .close();
        return shapes;
    }

    /** How many values {@link #create} would train. */
    default long parameterCount(NormSpec spec) {
        try (Model hollow = create(spec, Parameters.root(TensorSource.hollow()))) {
            return hollow.parameters().trainable().values().stream()
                    .mapToLong(Tensor::numel)
                    .sum();
        }
    }
}
