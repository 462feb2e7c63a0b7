package io.github.dyt4j.training;

import io.github.dyt4j.models.MaskedAutoencoder;
import io.github.dyt4j.models.MaskedAutoencoder.Reconstruction;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.training.data.Rng;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * The mean squared error of the hidden patches' pixels (He et al. 2021, section 3). In training libtorch's generator hides them; where the
 * model is judged or looked at, the image's place in its batch alone decides, so that every model and every epoch sees the same patches.
 */
public final class MaskedReconstruction implements Objective {
    /** The test loss under the same masks whatever the model. */
    static final Metric LOSS = new Metric("reconstruction loss", "", false);

    private static final Metric PROBE = new Metric("probe accuracy", "%", true);
    private static final long MASKS = 0x3A5C5L;

    @Override
    public Tensor loss(Model model, Batch batch) {
        return mae(model).reconstruct(batch.input()).loss();
    }

    /** Scores are the examples' losses: what the encoder is worth, its task has a probe say. */
    @Override
    public Scores score(Model model, Batch batch) {
        float[] losses = Tensors.floats(fixed(mae(model), batch.input()).perImage());
        double sum = 0;
        for (float loss : losses) {
            sum += loss;
        }
        return new Scores(sum, losses);
    }

    /** Encoder and decoder: the model's own forward ends with the encoder. */
    @Override
    public Tensor forward(Model model, Batch batch) {
        return fixed(mae(model), batch.input()).prediction();
    }

    /** A reconstruction that no chance of this process decides. */
    static Reconstruction fixed(MaskedAutoencoder model, Tensor images) {
        int rows = Math.toIntExact(images.size(0));
        int patches = model.config().patches();
        float[] noise = new float[rows * patches];
        for (int row = 0; row < rows; row++) {
            Rng rng = Rng.of(MASKS, row, 0);
            for (int i = 0; i < patches; i++) {
                noise[row * patches + i] = rng.nextFloat();
            }
        }
        return model.reconstruct(images, Tensors.of(noise, rows, patches));
    }

    private static MaskedAutoencoder mae(Model model) {
        return (MaskedAutoencoder) model;
    }

    @Override
    public Metric metric() {
        return PROBE;
    }

    @Override
    public List<Metric> extraMetrics() {
        return List.of(LOSS);
    }
}
