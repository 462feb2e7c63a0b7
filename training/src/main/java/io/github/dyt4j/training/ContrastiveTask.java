package io.github.dyt4j.training;

import io.github.dyt4j.models.Model;
import io.github.dyt4j.models.Wav2Vec2;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** Speech without transcripts. Judged by {@link Contrastive}'s loss of the test clips, with how often the truth is told from its distractors and the codes' perplexity. */
final class ContrastiveTask implements Task {
    private final AudioSetup setup;
    private final Wav2Vec2 model;
    private final Contrastive objective;

    ContrastiveTask(AudioSetup setup, Wav2Vec2 model) {
        this.setup = setup;
        this.model = model;
        objective = new Contrastive(setup.recipe());
    }

    @Override
    public Evaluation evaluate() {
        var _ = objective.take();
        Evaluation pass = Evaluation.of(this, setup.recipe().bf16());
        Contrastive.Tally tally = objective.take();
        SequencedMap<String, Double> extras = new LinkedHashMap<>();
        extras.put(Contrastive.ACCURACY.name(), 100.0 * tally.correct() / tally.frames());
        extras.put(Contrastive.PERPLEXITY.name(), tally.perplexities() / tally.batches());
        double nats = tally.nats() / tally.frames();
        return new Evaluation(nats, nats / Math.log(2), new float[0], pass.sites(), extras);
    }

    @Override
    public TaskSetup setup() {
        return setup;
    }

    @Override
    public Model model() {
        return model;
    }

    @Override
    public Objective objective() {
        return objective;
    }

    @Override
    public Batches training(long fromBatch) {
        return ClipBatches.numbered(setup.training(fromBatch));
    }

    @Override
    public Batches unmixed() {
        return training(0);
    }

    @Override
    public Batches evaluation() {
        return ClipBatches.numbered(setup.evaluation());
    }

    @Override
    public List<String> skipped() {
        return setup.data().skipped();
    }
}
