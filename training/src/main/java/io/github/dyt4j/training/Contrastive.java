package io.github.dyt4j.training;

import io.github.dyt4j.models.Masking;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.models.Wav2Vec2;
import io.github.dyt4j.torch.Tensors;
import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Tensor;

/**
 * wav2vec 2.0's pretraining: contrastive loss + 0.1 of the diversity penalty + 10 of the feature penalty, by hidden frame (Baevski et al. 2020, section 3.2; the
 * weights as the model has them). The Gumbel temperature at step s is max(max·decay^s, min). In training libtorch's generator decides what is hidden, which
 * distractors there are and the Gumbel noise; where the model is judged, a clip's number alone decides the first two, and there is no noise.
 *
 * <p>Judged by the same loss in bits, over all hidden frames of the test clips: what fairseq logs as {@code loss}, its sum / sample_size / ln 2.
 */
final class Contrastive implements Objective {
    static final Metric ACCURACY = new Metric("accuracy", "%", true);
    static final Metric PERPLEXITY = new Metric("code perplexity", "", true);

    private static final Metric LOSS = new Metric("validation loss", "bits/frame", false);

    private final double maxTemperature;
    private final double minTemperature;
    private final double decay;
    private double temperature;
    private Tally tally = new Tally(0, 0, 0, 0, 0);

    /** What came of the batches since the last one was taken: nats, hidden frames, frames told right, batches, and their code perplexities' sum. */
    record Tally(double nats, long frames, long correct, int batches, double perplexities) {
        Tally add(Wav2Vec2.Pretraining p) {
            return new Tally(
                    nats + p.loss().item_double() * p.masked(),
                    frames + p.masked(),
                    correct + p.correct(),
                    batches + 1,
                    perplexities + p.codePerplexity().item_double());
        }
    }

    Contrastive(Recipe recipe) {
        maxTemperature = recipe.number("max_gumbel_temperature");
        minTemperature = recipe.number("min_gumbel_temperature");
        decay = recipe.number("gumbel_temperature_decay");
        temperature = maxTemperature;
    }

    @Override
    public void before(Model model, Moment moment) {
        temperature = Math.max(maxTemperature * Math.pow(decay, moment.step()), minTemperature);
    }

    /** τ of the step that was begun last. */
    double temperature() {
        return temperature;
    }

    @Override
    public Tensor loss(Model model, Batch batch) {
        return pretrain(model, batch, MaskSeeds.drawn(batch.size())).loss();
    }

    /** A clip's score is its batch's: penalties are of a batch as a whole. */
    @Override
    public Scores score(Model model, Batch batch) {
        Wav2Vec2.Pretraining p = fixed(model, batch);
        tally = tally.add(p);
        float[] scores = new float[batch.size()];
        Arrays.fill(scores, (float) p.loss().item_double());
        return new Scores(p.loss().item_double() * batch.size(), scores);
    }

    /** What {@link #score} has come to since the last time that this was asked. */
    Tally take() {
        Tally taken = tally;
        tally = new Tally(0, 0, 0, 0, 0);
        return taken;
    }

    @Override
    public Tensor forward(Model model, Batch batch) {
        return fixed(model, batch).loss();
    }

    private Wav2Vec2.Pretraining fixed(Model model, Batch batch) {
        return pretrain(model, batch, MaskSeeds.fixed(Tensors.longs(batch.labels())));
    }

    private Wav2Vec2.Pretraining pretrain(Model model, Batch batch, long[] seeds) {
        Wav2Vec2 own = (Wav2Vec2) model;
        int[] frames = new int[batch.size()];
        Arrays.fill(frames, Math.toIntExact(own.config().frames(batch.input().size(1))));
        Masking masking =
                Masking.draw(own.config().masks(), frames, own.config().numNegatives(), seeds);
        return own.pretrain(batch.input(), masking, temperature, null);
    }

    @Override
    public Metric metric() {
        return LOSS;
    }

    @Override
    public List<Metric> extraMetrics() {
        return List.of(ACCURACY, PERPLEXITY);
    }
}
