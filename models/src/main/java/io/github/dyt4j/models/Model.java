package io.github.dyt4j.models;

import io.github.dyt4j.torch.Norms;
import io.github.dyt4j.torch.Parameters;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/** A network: its forward pass, its named parameters and its norm slots. Closing it frees its parameters. */
public interface Model extends AutoCloseable {
    /** The model's output for a batch, as logits (B, classes) for images (B, C, H, W). */
    Tensor forward(Tensor x);

    Parameters parameters();

    Norms norms();

    /** Which layers read which norm, for every norm that linear layers alone read: where γ and β can go for inference. */
    List<Fold> folds();

    /** The shape of one input, without the batch: (C, H, W) for images. */
    long[] inputShape();

    @Override
    default void close() {
        parameters().close();
    }
}
