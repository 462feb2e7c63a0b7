package io.github.dyt4j.torch;

import org.bytedeco.pytorch.Tensor;

/** Where the tensors of a model come from that is not trained from new: a checkpoint's mapped bytes, or nowhere, to count them. */
@FunctionalInterface
public interface TensorSource extends AutoCloseable {
    /** The tensor of this name and shape, of any floating dtype; whoever builds the model keeps it, and nobody trains it. */
    Tensor tensor(String name, long[] shape);

    /** Lets go of what the tensors lie in; {@link Parameters#close} does it after the last of them. */
    @Override
    default void close() {}

    /** Tensors of the right shape and no memory, for models that are only looked at: reading their values gives zeros. */
    static TensorSource hollow() {
        return (_, shape) -> Tensors.full(0).expand(shape);
    }
}
