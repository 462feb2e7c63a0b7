package io.github.dyt4j.training;

import io.github.dyt4j.models.Masking;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.models.SpanMasks;
import io.github.dyt4j.models.Wav2Vec2;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.training.audio.Alphabet;
import io.github.dyt4j.training.audio.EditDistance;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Connectionist temporal classification (Graves et al. 2006): −log of the probability of all paths that spell the transcript, summed over a batch and divided by its symbols; infinite
 * ones count 0. In training spans of frames and of channels are hidden as {@code mask_time_prob} and {@code mask_feature_prob} say.
 *
 * <p>Judged by the word error rate of the likeliest path: edits / words over all test clips, in percent.
 */
final class Ctc implements Objective {
    static final Metric WORDS = new Metric("WER", "%", false);
    static final Metric CHARACTERS = new Metric("CER", "%", false);

    private static final String HEAD = "lm_head.";
    private static final int NO_REDUCTION = 0;

    private final Alphabet alphabet;
    private final int frozenSteps;
    private Tally tally = new Tally(0, 0, 0, 0);

    /** Edits and what they are shares of, since the last one was taken. */
    record Tally(long wordEdits, long words, long characterEdits, long characters) {
        Tally add(String truth, String heard) {
            return new Tally(
                    wordEdits + EditDistance.words(truth, heard),
                    words + EditDistance.words(truth, ""),
                    characterEdits + EditDistance.characters(truth, heard),
                    characters + EditDistance.characters(truth, ""));
        }

        double wordErrorRate() {
            return 100.0 * wordEdits / words;
        }

        double characterErrorRate() {
            return 100.0 * characterEdits / characters;
        }
    }

    Ctc(Recipe recipe, Alphabet alphabet) {
        this.alphabet = alphabet;
        frozenSteps = recipe.integer("freeze_finetune_updates");
    }

    @Override
    public Tensor loss(Model model, Batch batch) {
        Wav2Vec2 own = (Wav2Vec2) model;
        SpanMasks masks = own.config().masks();
        long[] samples = Tensors.longs(batch.views().get(1));
        long[] frames = frames(own, samples);
        int[] counts = LongStream.of(frames).mapToInt(Math::toIntExact).toArray();
        long[] seeds = MaskSeeds.drawn(batch.size());
        Tensor hidden = masks.timeProb() > 0 ? Masking.time(masks, counts, seeds) : null; // (B, F)
        Tensor channels = masks.featureProb() > 0
                ? Masking.features(
                        masks,
                        own.config().hiddenSize(),
                        LongStream.of(seeds).map(s -> ~s).toArray())
                : null; // (B, E)
        Tensor logits = logits(own, batch, samples, hidden, channels);
        long symbols = LongStream.of(symbols(batch)).sum();
        return losses(logits, batch, frames).sum().div(new Scalar(symbols));
    }

    @Override
    public Scores score(Model model, Batch batch) {
        Wav2Vec2 own = (Wav2Vec2) model;
        long[] samples = Tensors.longs(batch.views().get(1));
        long[] frames = frames(own, samples);
        long[] symbols = symbols(batch);
        Tensor logits = logits(own, batch, samples, null, null); // (B, F, V)
        float[] losses = Tensors.floats(losses(logits, batch, frames));
        long[] best = Tensors.longs(logits.argmax(new LongOptional(2), false)); // (B, F)
        long[] targets = Tensors.longs(batch.labels());
        int width = Math.toIntExact(logits.size(1));
        int longest = Math.toIntExact(batch.labels().size(1));
        double sum = 0;
        for (int i = 0; i < batch.size(); i++) {
            String truth = alphabet.text(Arrays.copyOfRange(targets, i * longest, i * longest + (int) symbols[i]));
            String heard = alphabet.decode(Arrays.copyOfRange(best, i * width, i * width + (int) frames[i]));
            tally = tally.add(truth, heard);
            losses[i] /= symbols[i];
            sum += losses[i];
        }
        return new Scores(sum, losses);
    }

    /** What {@link #score} has come to since the last time that this was asked. */
    Tally take() {
        Tally taken = tally;
        tally = new Tally(0, 0, 0, 0);
        return taken;
    }

    @Override
    public Tensor forward(Model model, Batch batch) {
        return logits((Wav2Vec2) model, batch, Tensors.longs(batch.views().get(1)), null, null);
    }

    /** What is not the head's stays as it was in the first steps. */
    @Override
    public void afterBackward(Model model, Moment moment) {
        if (moment.step() < frozenSteps) {
            model.parameters().trainable().forEach((name, parameter) -> {
                if (!name.startsWith(HEAD)) {
                    try (var _ = new Scope()) {
                        parameter.mutable_grad().reset();
                    }
                }
            });
        }
    }

    private static Tensor logits(
            Wav2Vec2 model, Batch batch, long[] samples, @Nullable Tensor hidden, @Nullable Tensor channels) {
        return model.logits(batch.input(), samples, hidden, channels); // (B, F, V)
    }

    /** −log p of each transcript (B). */
    static Tensor losses(Tensor logits, Batch batch, long[] frames) { // (B, F, V)
        Tensor logs = logits.to(ScalarType.Float).log_softmax(2).transpose(0, 1); // (F, B, V)
        Tensor targets = batch.labels().clamp_min(new Scalar(0)); // (B, S)
        return torch.ctc_loss(logs, targets, frames, symbols(batch), Alphabet.BLANK, NO_REDUCTION, true);
    }

    private static long[] frames(Wav2Vec2 model, long[] samples) {
        return LongStream.of(samples).map(model.config()::frames).toArray();
    }

    private static long[] symbols(Batch batch) {
        return Tensors.longs(batch.labels().ge(new Scalar(0)).sum(1));
    }

    @Override
    public Metric metric() {
        return WORDS;
    }

    @Override
    public List<Metric> extraMetrics() {
        return List.of(CHARACTERS);
    }
}
