package io.github.dyt4j.training.diffusion;

import io.github.dyt4j.formats.Safetensors;
import io.github.dyt4j.torch.AdamW;
import io.github.dyt4j.torch.Autocast;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.TorchRuntime;
import io.github.dyt4j.torch.Weights;
import io.github.dyt4j.training.Batch;
import io.github.dyt4j.training.Batches;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * A small classifier of a data set, trained on the spot, whose features say how far drawn images lie from real ones where nobody has brought
 * Inception's: three convolutions of 3 × 3 (to 32, 64 and 64 channels, the first two by steps of two, GELU after each) on at most 32 × 32
 * places, the mean over places, a linear layer. Features are those 64 means. {@value #STEPS} steps of AdamW on batches of {@value #BATCH} from
 * a fixed seed, so that all runs on the same data are judged by the same features; kept in a file and trained once.
 */
public final class FeatureClassifier implements AutoCloseable {
    /** Of the architecture and its training; what another one trained is not taken from the cache. */
    public static final String VERSION = "1";

    public static final int BATCH = 64;
    private static final int STEPS = 500;
    private static final int SIDE = 32;
    private static final int[] WIDTHS = {32, 64, 64};
    private static final int[] STRIDES = {2, 2, 1};
    private static final double LR = 2e-3;
    private static final String ACCURACY = "accuracy";

    /** What it is trained on, in batches of {@link #BATCH}. */
    public interface Source {
        /** Without end, in an order that never changes. */
        Batches training();

        /** The test images once. */
        Batches test();

        int channels();

        int classes();
    }

    private final Parameters parameters = Parameters.root();
    private final Tensor[] weights = new Tensor[WIDTHS.length];
    private final Tensor[] biases = new Tensor[WIDTHS.length];
    private final Tensor head;
    private final Tensor headBias;
    private double accuracy = Double.NaN;

    private FeatureClassifier(int channels, int classes) {
        try (var _ = new Scope()) {
            int in = channels;
            for (int i = 0; i < WIDTHS.length; i++) {
                Parameters p = parameters.child("conv").child(i);
                weights[i] = p.parameter("weight", he(9 * in, WIDTHS[i], in, 3, 3));
                biases[i] = p.parameter("bias", torch.zeros(WIDTHS[i]));
                in = WIDTHS[i];
            }
            Parameters p = parameters.child("head");
            head = p.parameter("weight", he(in, classes, in));
            headBias = p.parameter("bias", torch.zeros(classes));
        }
    }

    private static Tensor he(int fanIn, long... shape) {
        return torch.randn(shape).mul(new Scalar(Math.sqrt(2.0 / fanIn)));
    }

    /**
     * The classifier in this file, or one that is trained now and put there. Reseeds libtorch's generator where it trains.
     *
     * @param file its name must say what data and which {@link #VERSION} it is of
     */
    public static FeatureClassifier of(Path file, Source source) {
        try {
            if (!Files.exists(file)) {
                Files.createDirectories(file.toAbsolutePath().getParent());
                try (FeatureClassifier fresh = trained(source)) {
                    Weights.save(file, Map.of(ACCURACY, Double.toString(fresh.accuracy)), fresh.parameters.state());
                }
            }
            return read(file, source);
        } catch (IOException e) {
            throw new UncheckedIOException("the classifier of features in " + file, e);
        }
    }

    private static FeatureClassifier read(Path file, Source source) {
        FeatureClassifier read = new FeatureClassifier(source.channels(), source.classes());
        try (Safetensors opened = Safetensors.open(file)) {
            Weights.load(file, read.parameters.state());
            read.accuracy = Double.parseDouble(
                    Objects.requireNonNull(opened.metadata().get(ACCURACY), "a classifier without its accuracy"));
            return read;
        } catch (RuntimeException e) {
            read.close();
            throw e;
        }
    }

    private static FeatureClassifier trained(Source source) {
        TorchRuntime.seed(0);
        FeatureClassifier c = new FeatureClassifier(source.channels(), source.classes());
        AdamW.Group group = new AdamW.Group(new LinkedHashMap<>(c.parameters.trainable()), 0);
        try (Batches batches = source.training();
                AdamW adamW = new AdamW(List.of(group), 0.9, 0.999, 1e-8);
                var _ = Grad.on();
                var _ = Autocast.bf16(false)) {
            for (int step = 0; step < STEPS; step++) {
                try (var _ = new Scope()) {
                    Batch batch = batches.next();
                    torch.cross_entropy_loss(c.logits(c.features(batch.input())), batch.labels())
                            .backward();
                    adamW.step(LR * (1 + Math.cos(Math.PI * step / STEPS)) / 2);
                    c.parameters.zeroGrad();
                }
            }
        }
        c.accuracy = c.test(source);
        return c;
    }

    private double test(Source source) {
        double right = 0;
        long all = 0;
        try (Batches batches = source.test();
                var _ = Grad.off()) {
            while (batches.hasNext()) {
                try (var _ = new Scope()) {
                    Batch batch = batches.next();
                    right += agreeing(features(batch.input()), batch.labels());
                    all += batch.size();
                }
            }
        }
        return 100 * right / all;
    }

    /** The 64 features of each image: (B, C, H, W) to (B, 64), with a graph where gradients are on. */
    private Tensor convolved(Tensor x) {
        Tensor h = x.size(2) > SIDE || x.size(3) > SIDE ? torch.adaptive_avg_pool2d(x, SIDE, SIDE) : x;
        for (int i = 0; i < WIDTHS.length; i++) {
            long stride = STRIDES[i];
            h = torch.gelu(torch.conv2d(
                    h,
                    weights[i],
                    new TensorOptional(biases[i]),
                    new long[] {stride, stride},
                    new long[] {1, 1},
                    new long[] {1, 1},
                    1));
        }
        return h.flatten(2, -1).mean(2);
    }

    /** The 64 features of each image (B, C, H, W), scaled as those that it was trained on: (B, 64) f32. */
    public Tensor features(Tensor x) {
        try (var _ = Autocast.bf16(false)) {
            return convolved(x);
        }
    }

    private Tensor logits(Tensor features) {
        return torch.linear(features, head, headBias); // (B, classes)
    }

    /** How many of these features (B, 64) it takes for the classes (B). */
    public double agreeing(Tensor features, Tensor classes) {
        try (var _ = Grad.off()) {
            return logits(features)
                    .argmax(new LongOptional(1), false)
                    .eq(classes)
                    .sum()
                    .item_double();
        }
    }

    /** Of the test images it classifies right, in percent. */
    public double accuracy() {
        return accuracy;
    }

    @Override
    public void close() {
        parameters.close();
    }
}
