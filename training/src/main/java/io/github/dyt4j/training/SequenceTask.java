package io.github.dyt4j.training;

import io.github.dyt4j.models.Bases;
import io.github.dyt4j.models.Caduceus;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.training.data.Rng;
import io.github.dyt4j.training.dna.SequenceData;
import io.github.dyt4j.training.dna.Strands;
import java.util.Arrays;
import java.util.List;
import java.util.NoSuchElementException;

/**
 * Sequences of DNA and their classes. Each pass takes them in an order of its own, a permutation that (seed, pass) alone decide, and turns half of
 * them to the other strand, by (seed, pass, number), where the recipe says so.
 */
final class SequenceTask implements Task {
    private static final long ORDER = 0x6F72646572L; // streams of random numbers apart from others of the seed
    private static final long TURNED = 0x7475726E6564L;

    private final SequenceSetup setup;
    private final Model model;
    private final Objective objective;

    SequenceTask(SequenceSetup setup, Model model) {
        this.setup = setup;
        this.model = model;
        objective = new StrandClassification();
        if (model instanceof Caduceus caduceus) {
            caduceus.bothStrands(false); // they are asked here, of every family alike
        }
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
        return new Shuffled(fromBatch, setup.augmented(), setup.recipe().number("smoothing"));
    }

    @Override
    public Batches unmixed() {
        return new Shuffled(0, false, 0);
    }

    @Override
    public Batches evaluation() {
        return new Once();
    }

    private final class Shuffled implements Batches {
        private final boolean augmented;
        private final double smoothing;
        private long position;
        private long pass = -1;
        private int[] order = new int[0];

        Shuffled(long position, boolean augmented, double smoothing) {
            this.position = position;
            this.augmented = augmented;
            this.smoothing = smoothing;
        }

        @Override
        public boolean hasNext() {
            return true;
        }

        @Override
        public Batch next() {
            SequenceData.Split data = setup.data().train();
            int batches = batchesPerEpoch();
            long seed = setup.recipe().seed();
            if (position / batches != pass) {
                pass = position / batches;
                order = Rng.of(seed ^ ORDER, pass, 0).permutation(data.size());
            }
            int size = setup.recipe().batchSize();
            int first = (int) (position++ % batches) * size;
            byte[][] sequences = new byte[size][];
            long[] labels = new long[size];
            for (int i = 0; i < size; i++) {
                int number = order[first + i];
                sequences[i] = fitted(data.bases().get(number));
                if (augmented && Rng.of(seed ^ TURNED, pass, number).nextBoolean()) {
                    Strands.reverseComplement(sequences[i]);
                }
                labels[i] = data.label(number);
            }
            return batch(List.of(tokens(sequences)), labels, smoothing);
        }

        @Override
        public void close() {
            // the sequences are the setup's
        }
    }

    private final class Once implements Batches {
        private int next;

        @Override
        public boolean hasNext() {
            return next < setup.data().test().size();
        }

        @Override
        public Batch next() {
            if (!hasNext()) {
                throw new NoSuchElementException("no batch left");
            }
            SequenceData.Split data = setup.data().test();
            int first = next;
            next = Math.min(first + setup.recipe().batchSize(), data.size());
            byte[][] sequences = new byte[next - first][];
            long[] labels = new long[sequences.length];
            for (int i = 0; i < sequences.length; i++) {
                sequences[i] = fitted(data.bases().get(first + i));
                labels[i] = data.label(first + i);
            }
            long[] own = tokens(sequences);
            if (!setup.bothStrands()) {
                return batch(List.of(own), labels, 0);
            }
            for (byte[] sequence : sequences) {
                Strands.reverseComplement(sequence);
            }
            return batch(List.of(own, tokens(sequences)), labels, 0);
        }

        @Override
        public void close() {
            // the sequences are the setup's
        }
    }

    /** A copy of the setup's length: the centre of a longer sequence, a shorter one with padding after it. */
    private byte[] fitted(byte[] bases) {
        int length = setup.length();
        if (bases.length >= length) {
            int from = (bases.length - length) / 2;
            return Arrays.copyOfRange(bases, from, from + length);
        }
        byte[] padded = Arrays.copyOf(bases, length);
        Arrays.fill(padded, bases.length, length, (byte) Bases.PAD);
        return padded;
    }

    private long[] tokens(byte[][] sequences) {
        int length = setup.length();
        long[] tokens = new long[Math.multiplyExact(sequences.length, length)]; // (B, L)
        for (int i = 0; i < sequences.length; i++) {
            for (int t = 0; t < length; t++) {
                tokens[i * length + t] = sequences[i][t];
            }
        }
        return tokens;
    }

    /** With targets 1 − s + s/K for the label and s/K for every other of K classes, where there is a smoothing s. */
    private Batch batch(List<long[]> views, long[] labels, double smoothing) {
        int size = labels.length;
        int classes = setup.config().numClasses();
        float[] targets = new float[size * classes];
        Arrays.fill(targets, (float) (smoothing / classes));
        for (int i = 0; i < size; i++) {
            targets[i * classes + (int) labels[i]] = (float) (1 - smoothing + smoothing / classes);
        }
        return new Batch(
                views.stream().map(v -> Tensors.of(v, size, setup.length())).toList(),
                Tensors.of(labels, size),
                smoothing == 0 ? null : Tensors.of(targets, size, classes));
    }

    @Override
    public List<String> skipped() {
        return List.of();
    }
}
