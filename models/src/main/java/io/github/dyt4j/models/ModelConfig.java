package io.github.dyt4j.models;

import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.TensorSource;
import java.util.LinkedHashMap;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;

/** A model before it is built: its sizes, checked. */
public sealed interface ModelConfig permits ImageConfig, Llama.Config {
    /** The model on these parameters, which decide where its weights come from. */
    Model create(NormSpec spec, Parameters parameters);

    /** This size with a recipe's model arguments put over it. */
    ModelConfig with(Overrides arguments);

    /** About how many values a forward pass in training keeps for the backward pass, per input. */
    long activationCount();

    /** The shape of one input: (C, H, W) for images, (T) for sequences of tokens. */
    long[] inputShape();

    /**
     * The model with new weights, drawn from libtorch's generator. Norms draw nothing: after the same seed, models that differ in
     * {@code spec} alone start with the same weights everywhere else.
     */
    default Model create(NormSpec spec) {
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
