package io.github.dyt4j.training;

import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.training.data.Latents;
import io.github.dyt4j.training.data.Rng;
import io.github.dyt4j.training.diffusion.FeatureClassifier;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.IntStream;

/** Latents as they are in their file. */
final class LatentData implements DiffusionData {
    private static final long ORDER = 0x6F72646572L; // a stream apart from others of the seed
    private static final int SAMPLED = 64;

    private final LatentSetup setup;
    private final Latents data;

    LatentData(LatentSetup setup) {
        this.setup = setup;
        data = setup.data();
    }

    @Override
    public Batches training(long fromBatch) {
        return new Shuffled(setup.recipe().batchSize(), setup.recipe().seed(), fromBatch);
    }

    @Override
    public Batches test() {
        return new Once(setup.recipe().batchSize());
    }

    /** Every pass over the data in an order of its own, its last incomplete batch dropped. */
    private final class Shuffled implements Batches {
        private final int size;
        private final long seed;
        private final int batches;
        private long next;
        private long pass = -1;
        private int[] order = new int[0];

        Shuffled(int size, long seed, long next) {
            this.size = size;
            this.seed = seed;
            this.next = next;
            batches = data.train().size() / size;
        }

        @Override
        public boolean hasNext() {
            return true;
        }

        @Override
        public Batch next() {
            if (pass != next / batches) {
                pass = next / batches;
                order = Rng.of(seed ^ ORDER, pass, 0).permutation(data.train().size());
            }
            int from = (int) (next++ % batches) * size;
            return batch(
                    data.train(),
                    IntStream.range(from, from + size).map(i -> order[i]).toArray());
        }

        @Override
        public void close() {
            // the file is the setup's
        }
    }

    private final class Once implements Batches {
        private final int size;
        private int from;

        Once(int size) {
            this.size = size;
        }

        @Override
        public boolean hasNext() {
            return from < data.test().size();
        }

        @Override
        public Batch next() {
            if (!hasNext()) {
                throw new NoSuchElementException("no batch left");
            }
            int end = Math.min(from + size, data.test().size());
            Batch batch = batch(data.test(), IntStream.range(from, end).toArray());
            from = end;
            return batch;
        }

        @Override
        public void close() {
            // the file is the setup's
        }
    }

    private Batch batch(Latents.Split split, int[] rows) {
        int values = data.channels() * data.side() * data.side();
        float[] x = new float[Math.multiplyExact(rows.length, values)];
        long[] y = new long[rows.length];
        for (int i = 0; i < rows.length; i++) {
            split.read(rows[i], x, i * values);
            y[i] = split.label(rows[i]);
        }
        return new Batch(
                Tensors.of(x, rows.length, data.channels(), data.side(), data.side()),
                Tensors.of(y, rows.length),
                null);
    }

    @Override
    public int[] testLabels() {
        return labels(data.test()).toArray();
    }

    private static IntStream labels(Latents.Split split) {
        return IntStream.range(0, split.size()).map(split::label);
    }

    @Override
    public FeatureClassifier.Source features() {
        int batch = Math.min(FeatureClassifier.BATCH, data.train().size());
        return new FeatureClassifier.Source() {
            @Override
            public Batches training() {
                return new Shuffled(batch, 0, 0);
            }

            @Override
            public Batches test() {
                return LatentData.this.test();
            }

            @Override
            public int channels() {
                return data.channels();
            }

            @Override
            public int classes() {
                return setup.config().numClasses();
            }
        };
    }

    @Override
    public String fingerprint() {
        Fingerprint f = new Fingerprint()
                .add("latents " + setup.config().numClasses() + " " + data.channels() + " " + data.side())
                .add(labels(data.train()))
                .add(labels(data.test()));
        float[] row = new float[data.channels() * data.side() * data.side()];
        for (int i : Fingerprint.spread(data.train().size(), SAMPLED)) {
            data.train().read(i, row, 0);
            f.add(row);
        }
        return f.hex();
    }

    @Override
    public boolean pixels() {
        return false;
    }

    @Override
    public List<String> classes() {
        return IntStream.range(0, setup.config().numClasses())
                .mapToObj(Integer::toString)
                .toList();
    }

    @Override
    public List<String> skipped() {
        return List.of();
    }
}
