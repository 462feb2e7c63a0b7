package io.github.dyt4j.models;

import io.github.dyt4j.torch.Norms;
import io.github.dyt4j.torch.Parameters;
import org.bytedeco.pytorch.Tensor;

/** A network: its forward pass, its named parameters and its norm slots. Closing it frees its parameters. */
public interface Model extends AutoCloseable {
    /** The model's output for a batch, as logits (B, classes) for images (B, C, H, W). */
    Tensor forward(Tensor x);

    Parameters parameters();

    Norms norms();

    /** The shape of one input, without the batch: (C, H, W) for images. */
    long[] inputShape();

    @Override
    default void close() {
        parameters().close();
    }
}
