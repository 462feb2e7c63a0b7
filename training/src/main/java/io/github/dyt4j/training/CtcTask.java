package io.github.dyt4j.training;

import io.github.dyt4j.models.Model;
import io.github.dyt4j.models.Wav2Vec2;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.training.audio.Alphabet;
import io.github.dyt4j.training.audio.ClipBatch;
import io.github.dyt4j.training.audio.ClipLoader;
import io.github.dyt4j.training.audio.ClipSet;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;

/** Speech and what is said. Judged by the word error rate, with that of characters. Leaves {@code vocab.json} in the run's folder, as Hugging Face's tokenizer reads it. */
final class CtcTask implements Task {
    private final AudioSetup setup;
    private final Wav2Vec2 model;
    private final Alphabet alphabet;
    private final Ctc objective;

    CtcTask(AudioSetup setup, Wav2Vec2 model, Alphabet alphabet) {
        this.setup = setup;
        this.model = model;
        this.alphabet = alphabet;
        objective = new Ctc(setup.recipe(), alphabet);
    }

    @Override
    public Evaluation evaluate() {
        var _ = objective.take();
        Evaluation pass = Evaluation.of(this, setup.recipe().bf16());
        Ctc.Tally tally = objective.take();
        SequencedMap<String, Double> extras = new LinkedHashMap<>();
        extras.put(Ctc.CHARACTERS.name(), tally.characterErrorRate());
        return pass.judgedBy(tally.wordErrorRate(), extras);
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
        return batches(setup.training(fromBatch), setup.data().train());
    }

    @Override
    public Batches unmixed() {
        return training(0);
    }

    @Override
    public Batches evaluation() {
        return batches(setup.evaluation(), setup.data().test());
    }

    private Batches batches(ClipLoader loader, ClipSet clips) {
        return new ClipBatches(loader, batch -> symbols(batch, clips));
    }

    /** (B, S), −1 after the last of each. */
    private Tensor symbols(ClipBatch batch, ClipSet clips) {
        List<int[]> rows = IntStream.of(batch.clips())
                .mapToObj(clip -> alphabet.encode(clips.text(clip)))
                .toList();
        int longest = rows.stream().mapToInt(row -> row.length).max().orElseThrow();
        long[] symbols = new long[rows.size() * longest];
        Arrays.fill(symbols, -1);
        for (int i = 0; i < rows.size(); i++) {
            int[] row = rows.get(i);
            for (int k = 0; k < row.length; k++) {
                symbols[i * longest + k] = row[k];
            }
        }
        return Tensors.of(symbols, rows.size(), longest);
    }

    @Override
    public void writeCompanions(Path run) throws IOException {
        Path file = run.resolve("vocab.json");
        if (!setup.noise() && !Files.exists(file)) {
            Path partial = run.resolve("vocab.json.tmp");
            alphabet.write(partial);
            Files.move(partial, file);
        }
    }

    @Override
    public List<String> skipped() {
        return setup.data().skipped();
    }
}
