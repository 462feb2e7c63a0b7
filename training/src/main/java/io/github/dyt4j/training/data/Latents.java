package io.github.dyt4j.training.data;

import io.github.dyt4j.formats.Safetensors;
import io.github.dyt4j.formats.UserError;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * Images as an autoencoder left them, from a safetensors file: {@code latents} (N, C, S, S) of F32, F16 or BF16 and {@code labels} (N) of I64 or
 * I32; to judge by, {@code test_latents} and {@code test_labels}, or else a twentieth by chance, always the same, whatever the order of the classes. They are taken as they are: scaled to about unit
 * variance, as DiT's authors multiply those of Stable Diffusion's autoencoder by 0.18215.
 *
 * <p>The values stay in the mapped file until {@link #close}.
 */
public final class Latents implements AutoCloseable {
    private static final String SUFFIX = ".safetensors";
    private static final int SHARE = 20;
    private static final ValueLayout.OfFloat F32 = ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort F16 = ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfLong I64 = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt I32 = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** Labelled latents by number. */
    public interface Split {
        int size();

        int label(int i);

        /** Writes latent i, (C, S, S) as f32, to {@code out[offset …]}. */
        void read(int i, float[] out, int offset);
    }

    private final String description;
    private final int channels;
    private final int side;
    private final Split train;
    private final Split test;
    private final Runnable closing;

    private Latents(String description, int channels, int side, Split train, Split test, Runnable closing) {
        this.description = description;
        this.channels = channels;
        this.side = side;
        this.train = train;
        this.test = test;
        this.closing = closing;
    }

    /** Whether these data of a recipe are latents: whether they are named like a safetensors file. */
    public static boolean named(String data) {
        return data.endsWith(SUFFIX);
    }

    /** @throws UserError where the file is none of this kind, saying what is wrong with it */
    public static Latents open(Path path) {
        Safetensors file = Safetensors.open(path);
        try {
            return read(path, file);
        } catch (RuntimeException | Error e) {
            file.close();
            throw e;
        }
    }

    private static Latents read(Path path, Safetensors file) {
        Rows all = Rows.of(path, file, "latents", "labels");
        int values = all.values;
        Map<String, Safetensors.Entry> entries = file.entries();
        if (entries.containsKey("test_latents") != entries.containsKey("test_labels")) {
            throw new UserError(
                    path + " has one of test_latents and test_labels, and not the other: both are a test set,"
                            + " or neither.");
        }
        Rows train = all;
        Rows test;
        String whence;
        if (entries.containsKey("test_latents")) {
            test = Rows.of(path, file, "test_latents", "test_labels");
            if (test.values != values || test.shape[2] != all.shape[2]) {
                throw new UserError(path + ": test_latents are " + shown(test.shape) + " and latents "
                        + shown(all.shape) + ": but for their number they must be alike.");
            }
            whence = "";
        } else {
            BitSet held = drawn(all.size());
            train = all.where(i -> !held.get(i));
            test = all.where(held::get);
            whence = ", a twentieth by chance";
        }
        if (train.size() < 1 || test.size() < 2) {
            throw new UserError(path + " has " + train.size() + " latents to train on and " + test.size()
                    + " to judge by: there must be 1 and 2 at least.\nWithout test_latents a twentieth is judged by.");
        }
        int channels = Math.toIntExact(all.shape[1]);
        int side = Math.toIntExact(all.shape[2]);
        String description = "%s: %,d latents of %d x %d x %d to train on; %,d to judge by%s"
                .formatted(path, train.size(), channels, side, side, test.size(), whence);
        return new Latents(description, channels, side, train, test, file::close);
    }

    /** A twentieth of so many, which their number alone decides. */
    private static BitSet drawn(int size) {
        Random random = new Random(0);
        BitSet drawn = new BitSet(size);
        for (int left = size / SHARE; left > 0; ) {
            int i = random.nextInt(size);
            if (!drawn.get(i)) {
                drawn.set(i);
                left--;
            }
        }
        return drawn;
    }

    /** Standard normal ones, where a recipe is tried without its data. */
    public static Latents noise(int count, int channels, int side, int classes) {
        Split noise = new Split() {
            @Override
            public int size() {
                return count;
            }

            @Override
            public int label(int i) {
                return i % classes;
            }

            @Override
            public void read(int i, float[] out, int offset) {
                Random random = new Random(i);
                for (int k = 0; k < channels * side * side; k++) {
                    out[offset + k] = (float) random.nextGaussian();
                }
            }
        };
        String description = "noise of %d x %d x %d, %d classes".formatted(channels, side, side, classes);
        return new Latents(description, channels, side, noise, noise, () -> {});
    }

    /** A split's rows in the file: {@code rows} are their numbers there. */
    @SuppressWarnings("ArrayRecordComponent")
    private record Rows(MemorySegment data, String dtype, long[] shape, int values, int[] labels, int[] rows)
            implements Split {
        static Rows of(Path path, Safetensors file, String latents, String labels) {
            Safetensors.Entry x = file.entry(latents);
            Safetensors.Entry y = file.entry(labels);
            long[] shape = x.shape();
            if (shape.length != 4 || shape[1] < 1 || shape[2] < 1 || shape[2] != shape[3]) {
                throw new UserError(path + ": " + latents + " are of shape " + shown(shape)
                        + ", and must be (N, C, S, S): N square latents of C channels.");
            }
            if (!List.of("F32", "F16", "BF16").contains(x.dtype())) {
                throw new UserError(
                        path + ": " + latents + " are of dtype " + x.dtype() + ", and must be F32, F16 or BF16.");
            }
            if (y.shape().length != 1 || y.shape()[0] != shape[0]) {
                throw new UserError(path + ": " + labels + " are of shape " + shown(y.shape()) + ", and " + latents
                        + " of shape " + shown(shape) + ": there must be a label for each latent, (" + shape[0] + ").");
            }
            if (!List.of("I64", "I32").contains(y.dtype())) {
                throw new UserError(path + ": " + labels + " are of dtype " + y.dtype() + ", and must be I64 or I32.");
            }
            int values = Math.toIntExact(shape[1] * shape[2] * shape[3]);
            int[] read = labels(path, labels, y);
            int[] every = IntStream.range(0, read.length).toArray();
            return new Rows(x.data(), x.dtype(), shape, values, read, every);
        }

        private static int[] labels(Path path, String name, Safetensors.Entry y) {
            int[] labels = new int[Math.toIntExact(y.shape()[0])];
            for (int i = 0; i < labels.length; i++) {
                long label = y.dtype().equals("I64")
                        ? y.data().get(I64, 8L * i)
                        : y.data().get(I32, 4L * i);
                if (label < 0 || label > 1_000_000) {
                    throw new UserError(path + ": " + name + "[" + i + "] is " + label
                            + ": labels count classes from 0, and no model here knows a million.");
                }
                labels[i] = (int) label;
            }
            return labels;
        }

        Rows where(IntPredicate taken) {
            int[] some = IntStream.of(rows).filter(taken).toArray();
            int[] theirs = IntStream.of(some).map(i -> labels[i]).toArray();
            return new Rows(data, dtype, shape, values, theirs, some);
        }

        @Override
        public int size() {
            return labels.length;
        }

        @Override
        public int label(int i) {
            return labels[i];
        }

        @Override
        public void read(int i, float[] out, int offset) {
            long first = (long) rows[i] * values;
            if (dtype.equals("F32")) {
                MemorySegment.copy(data, F32, 4 * first, out, offset, values);
                return;
            }
            for (int k = 0; k < values; k++) {
                short half = data.get(F16, 2 * (first + k));
                out[offset + k] = dtype.equals("F16") ? Float.float16ToFloat(half) : Float.intBitsToFloat(half << 16);
            }
        }
    }

    private static String shown(long[] shape) {
        return Arrays.toString(shape).replace('[', '(').replace(']', ')');
    }

    public Split train() {
        return train;
    }

    public Split test() {
        return test;
    }

    public int channels() {
        return channels;
    }

    public int side() {
        return side;
    }

    /** One more than the largest label of both splits. */
    public int classes() {
        return 1
                + IntStream.concat(
                                IntStream.range(0, train.size()).map(train::label),
                                IntStream.range(0, test.size()).map(test::label))
                        .max()
                        .orElseThrow();
    }

    /** One line for people. */
    public String describe() {
        return description;
    }

    @Override
    public void close() {
        closing.run();
    }
}
