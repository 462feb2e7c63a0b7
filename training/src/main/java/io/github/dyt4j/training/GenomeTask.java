package io.github.dyt4j.training;

import io.github.dyt4j.models.Bases;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.training.data.Rng;
import io.github.dyt4j.training.dna.Strands;
import java.util.List;
import java.util.NoSuchElementException;

/**
 * Windows of a genome, and the next base of each or masked ones. Window i of a pass is drawn from all that there are by (seed, pass, i), and half of
 * them are turned to the other strand where the recipe says so; so (seed, position) decide every batch. What is masked in training libtorch's
 * generator decides, in an evaluation the window's number.
 */
final class GenomeTask implements Task {
    private static final long WINDOWS = 0x77696E646F77L; // a stream of random numbers apart from others of the seed

    private final GenomeSetup setup;
    private final Model model;
    private final BaseObjective objective;

    GenomeTask(GenomeSetup setup, Model model) {
        this.setup = setup;
        this.model = model;
        objective = new BaseObjective(setup.maskProbability());
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
        return new Drawn(fromBatch, false);
    }

    @Override
    public Batches unmixed() {
        return new Drawn(0, true);
    }

    @Override
    public Batches evaluation() {
        return new Judged();
    }

    @Override
    public Evaluation evaluate() {
        objective.extras();
        Evaluation seen = Evaluation.of(this, setup.recipe().bf16());
        return new Evaluation(seen.loss(), seen.value(), seen.examples(), seen.sites(), objective.extras());
    }

    private final class Drawn implements Batches {
        private final byte[] window = new byte[setup.training().length()];
        private final boolean masked;
        private long position;

        Drawn(long position, boolean masked) {
            this.position = position;
            this.masked = masked;
        }

        @Override
        public boolean hasNext() {
            return true;
        }

        @Override
        public Batch next() {
            Recipe recipe = setup.recipe();
            int size = recipe.batchSize();
            long pass = position / batchesPerEpoch();
            long first = position++ % batchesPerEpoch() * size;
            byte[][] windows = new byte[size][];
            for (int i = 0; i < size; i++) {
                Rng rng = Rng.of(recipe.seed() ^ WINDOWS, pass, first + i);
                setup.training().draw(rng, window);
                boolean turned = rng.nextBoolean();
                if (turned && setup.augmented()) {
                    Strands.reverseComplement(window);
                }
                windows[i] = window.clone();
            }
            return batch(List.of(windows), masked ? 0 : -1);
        }

        @Override
        public void close() {
            // the genome is the setup's
        }
    }

    private final class Judged implements Batches {
        private int next;

        @Override
        public boolean hasNext() {
            return next < setup.judged().size();
        }

        @Override
        public Batch next() {
            if (!hasNext()) {
                throw new NoSuchElementException("no batch left");
            }
            int first = next;
            next = Math.min(first + setup.recipe().batchSize(), setup.judged().size());
            return batch(setup.judged().subList(first, next), first);
        }

        @Override
        public void close() {
            // the windows are the setup's
        }
    }

    /** @param first number of the first window, by which bases are masked; −1: none are */
    private Batch batch(List<byte[]> windows, long first) {
        int size = windows.size();
        int length = setup.length();
        long[] tokens = new long[Math.multiplyExact(size, length)]; // (B, L)
        long[] next = new long[tokens.length];
        for (int i = 0; i < size; i++) {
            byte[] window = windows.get(i);
            for (int t = 0; t < length; t++) {
                tokens[i * length + t] = window[t];
                next[i * length + t] = t + 1 < window.length ? window[t + 1] : Bases.PAD;
            }
        }
        if (setup.config().causal()) {
            return new Batch(Tensors.of(tokens, size, length), Tensors.of(next, size, length), null);
        }
        if (first >= 0) {
            MaskedBases.Masked masked = MaskedBases.fixed(tokens, size, length, setup.maskProbability(), first);
            return new Batch(masked.input(), masked.labels(), null);
        }
        return new Batch(Tensors.of(tokens, size, length), Tensors.of(tokens, size, length), null);
    }

    @Override
    public List<String> skipped() {
        return List.of();
    }
}
