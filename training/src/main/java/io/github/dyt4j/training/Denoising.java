package io.github.dyt4j.training;

import io.github.dyt4j.models.DiffusionTransformer;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.training.diffusion.DenoisingLoss;
import io.github.dyt4j.training.diffusion.NoiseSchedule;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The {@link DenoisingLoss} at a timestep drawn for each image, the class left away with {@code class_dropout_prob}. A run is judged by the
 * Fréchet distance of what it draws, which {@link DiffusionTask} measures.
 *
 * <p>A batch that is judged or looked at brings its noise and timesteps with it, as second and third view, so that all see the same.
 */
final class Denoising implements Objective {
    static final Metric FRECHET = new Metric("Fréchet distance in the features of a small classifier", "", false);
    static final Metric LOSS = new Metric("denoising loss", "", false);
    static final Metric RECOGNISED = new Metric("drawn, taken for the class asked", "%", true);
    static final Metric REAL = new Metric("test images, taken for their class", "%", true);

    /** What a batch is noised with. */
    private record Noise(Tensor values, long[] timesteps) {
        static Noise of(Batch batch) {
            return batch.views().size() == 3
                    ? new Noise(
                            batch.views().get(1), Tensors.longs(batch.views().get(2)))
                    : new Noise(
                            torch.randn_like(batch.input()),
                            Tensors.longs(torch.randint(NoiseSchedule.TIMESTEPS, new long[] {batch.size()})));
        }
    }

    @Override
    public Tensor loss(Model model, Batch batch) {
        DiffusionTransformer dit = (DiffusionTransformer) model;
        return terms(dit, batch, dropped(dit, batch.labels())).mean();
    }

    /** The label of no class in place of some. */
    private static Tensor dropped(DiffusionTransformer model, Tensor labels) { // (B)
        if (!model.config().hasNullClass()) {
            return labels;
        }
        Tensor drop = torch.rand(labels.size(0)).lt(new Scalar(model.config().classDropoutProb()));
        return labels.masked_fill(drop, new Scalar(model.nullClass()));
    }

    private static DenoisingLoss.Terms terms(DiffusionTransformer model, Batch batch, Tensor labels) {
        Noise noise = Noise.of(batch);
        return DenoisingLoss.of(model, batch.input(), noise.timesteps, labels, noise.values);
    }

    /** The losses of the images with their classes. */
    @Override
    public Scores score(Model model, Batch batch) {
        DenoisingLoss.Terms terms = terms((DiffusionTransformer) model, batch, batch.labels());
        float[] examples = Tensors.floats(terms.examples());
        double sum = 0;
        for (float example : examples) {
            sum += example;
        }
        return new Scores(sum, examples);
    }

    @Override
    public Tensor forward(Model model, Batch batch) {
        Noise noise = Noise.of(batch);
        Tensor noised = DenoisingLoss.noised(batch.input(), noise.timesteps, noise.values);
        Tensor t = Tensors.of(noise.timesteps, noise.timesteps.length);
        return ((DiffusionTransformer) model).forward(noised, t, batch.labels());
    }

    @Override
    public Metric metric() {
        return FRECHET;
    }

    @Override
    public List<Metric> extraMetrics() {
        return List.of(LOSS, RECOGNISED, REAL);
    }
}
