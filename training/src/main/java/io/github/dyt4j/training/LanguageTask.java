package io.github.dyt4j.training;

import io.github.dyt4j.models.Model;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.training.data.Rng;
import io.github.dyt4j.training.text.TokenStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.OptionalDouble;
import java.util.function.IntUnaryOperator;

/**
 * Text, and the token that comes next. Each pass over the data takes its sequences in an order of its own, a permutation that (seed, pass)
 * alone decide; a pass's last sequences that fill no batch are left out of it. So (seed, position) decide every batch.
 */
final class LanguageTask implements Task {
    private static final long ORDER = 0x746F6B656E73L; // a stream of random numbers apart from images' own

    private final TextSetup setup;
    private final Model model;
    private final Objective objective = new NextToken();

    LanguageTask(TextSetup setup, Model model) {
        this.setup = setup;
        this.model = model;
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
        return new Sequences() {
            private final int sequences = setup.sequences(setup.data().training());
            private long position = fromBatch;
            private long pass = -1;
            private int[] order = new int[0];

            @Override
            public boolean hasNext() {
                return true;
            }

            @Override
            public Batch next() {
                int batches = batchesPerEpoch();
                if (position / batches != pass) {
                    pass = position / batches;
                    order = Rng.of(setup.recipe().seed() ^ ORDER, pass, 0).permutation(sequences);
                }
                int size = setup.recipe().batchSize();
                int first = (int) (position++ % batches) * size;
                return batch(setup.data().training(), i -> order[first + i], size);
            }
        };
    }

    @Override
    public Batches unmixed() {
        return training(0);
    }

    @Override
    public Batches evaluation() {
        return new Sequences() {
            private final int judged = setup.judged();
            private int next;

            @Override
            public boolean hasNext() {
                return next < judged;
            }

            @Override
            public Batch next() {
                if (!hasNext()) {
                    throw new NoSuchElementException("no batch left");
                }
                int first = next;
                int size = Math.min(setup.recipe().batchSize(), judged - first);
                next += size;
                return batch(setup.data().heldOut(), i -> first + i, size);
            }
        };
    }

    /** Tokens are mapped or in memory: there is nothing to end. */
    private abstract static class Sequences implements Batches {
        @Override
        public void close() {}
    }

    private Batch batch(TokenStream stream, IntUnaryOperator sequence, int size) {
        int t = setup.length();
        long[] row = new long[t + 1];
        long[] tokens = new long[Math.multiplyExact(size, t)]; // (B, T)
        long[] labels = new long[tokens.length];
        for (int i = 0; i < size; i++) {
            stream.read((long) sequence.applyAsInt(i) * t, t + 1, row, 0);
            System.arraycopy(row, 0, tokens, i * t, t);
            System.arraycopy(row, 1, labels, i * t, t);
        }
        return new Batch(Tensors.of(tokens, size, t), Tensors.of(labels, size, t), null);
    }

    /** By how many bytes a held-out token stands for on average. */
    @Override
    public OptionalDouble bitsPerByte(double loss) {
        long bytes = setup.noise() ? 0 : setup.data().heldOutBytes();
        return bytes == 0
                ? OptionalDouble.empty()
                : OptionalDouble.of(loss / Math.log(2) * setup.data().heldOut().size() / bytes);
    }

    @Override
    public void writeCompanions(Path run) throws IOException {
        Path folder = run.resolve("tokenizer");
        if (!setup.noise() && !Files.exists(folder)) {
            Path partial = Files.createDirectories(run.resolve("tokenizer.tmp"));
            setup.data().tokenizer().write(partial);
            Files.move(partial, folder);
        }
    }

    @Override
    public List<String> skipped() {
        return List.of();
    }
}
