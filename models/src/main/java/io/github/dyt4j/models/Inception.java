package io.github.dyt4j.models;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.torch.MappedWeights;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.TensorSource;
import io.github.dyt4j.torch.Tensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Inception v3 (Szegedy et al. 2015, "Rethinking the Inception Architecture for Computer Vision") up to its last pooling, as the FID is
 * measured in (Heusel et al. 2017): torchvision's names, with the three differences of TensorFlow's network of 2015 from which the customary
 * weights come: averages of 3 × 3 leave the border out of the count, the last block has a maximum in the place of the average, and images are resized to
 * 299 pixels bilinearly and run from −1 to 1. The weights are the user's; this project brings none. For evaluation alone.
 */
public final class Inception implements AutoCloseable {
    /** How many features an image has. */
    public static final int FEATURES = 2048;

    private static final long SIDE = 299;
    private static final double EPS = 1e-3;

    /** relu(BatchNorm(x ∗ W)), BatchNorm by its running statistics. */
    private static final class Conv implements UnaryOperator<Tensor> {
        private final Tensor weight;
        private final Tensor gamma;
        private final Tensor beta;
        private final Tensor mean;
        private final Tensor variance;
        private final long[] stride;
        private final long[] padding;

        Conv(Parameters p, int in, int out, int height, int width, int stride, int padHeight, int padWidth) {
            weight = p.child("conv").parameter("weight", Init.zeros(out, in, height, width));
            Parameters bn = p.child("bn");
            gamma = bn.parameter("weight", Init.zeros(out));
            beta = bn.parameter("bias", Init.zeros(out));
            mean = bn.buffer("running_mean", Tensors.full(0, out));
            variance = bn.buffer("running_var", Tensors.full(1, out));
            this.stride = new long[] {stride, stride};
            padding = new long[] {padHeight, padWidth};
        }

        @Override
        public Tensor apply(Tensor x) {
            Tensor y = torch.conv2d(x, weight, new TensorOptional(), stride, padding, new long[] {1, 1}, 1);
            return torch.batch_norm(
                            y,
                            new TensorOptional(gamma),
                            new TensorOptional(beta),
                            new TensorOptional(mean),
                            new TensorOptional(variance),
                            false,
                            0,
                            EPS,
                            false)
                    .relu_();
        }
    }

    /** Layers one after another, side by side with others. */
    private static final class Branch implements UnaryOperator<Tensor> {
        private final Parameters p;
        private final List<UnaryOperator<Tensor>> layers = new ArrayList<>();
        private int channels;

        Branch(Parameters p, int in) {
            this.p = p;
            channels = in;
        }

        /** A square kernel that keeps height and width, or with step 2 and no border halves them. */
        Branch conv(String name, int out, int kernel, int stride) {
            int pad = stride == 1 ? kernel / 2 : 0;
            return add(new Conv(p.child(name), channels, out, kernel, kernel, stride, pad, pad), out);
        }

        /** A kernel that is high or wide and keeps height and width. */
        Branch conv(String name, int out, int height, int width, boolean same) {
            return add(
                    new Conv(
                            p.child(name),
                            channels,
                            out,
                            height,
                            width,
                            1,
                            same ? height / 2 : 0,
                            same ? width / 2 : 0),
                    out);
        }

        Branch pool(UnaryOperator<Tensor> pool) {
            return add(pool, channels);
        }

        /** The same input through two layers, side by side. */
        Branch split(Branch a, Branch b) {
            return add(x -> torch.cat(new TensorVector(a.apply(x), b.apply(x)), 1), a.channels + b.channels);
        }

        Branch fork() {
            return new Branch(p, channels);
        }

        private Branch add(UnaryOperator<Tensor> layer, int out) {
            layers.add(layer);
            channels = out;
            return this;
        }

        @Override
        public Tensor apply(Tensor x) {
            for (UnaryOperator<Tensor> layer : layers) {
                x = layer.apply(x);
            }
            return x;
        }
    }

    private static Tensor average(Tensor x) {
        return torch.avg_pool2d(
                x, new long[] {3, 3}, new long[] {1, 1}, new long[] {1, 1}, false, false, new LongOptional());
    }

    private static Tensor maximum(Tensor x) {
        return torch.max_pool2d(x, new long[] {3, 3}, new long[] {1, 1}, new long[] {1, 1}, new long[] {1, 1}, false);
    }

    private static Tensor halved(Tensor x) {
        return torch.max_pool2d(x, new long[] {3, 3}, new long[] {2, 2}, new long[] {0, 0}, new long[] {1, 1}, false);
    }

    private final Parameters parameters;
    private final List<List<UnaryOperator<Tensor>>> blocks = new ArrayList<>();

    /**
     * On the user's weights.
     *
     * @param weights safetensors with torchvision's names; the classifier and the auxiliary one may be there and are not read
     * @throws UserError where the file does not hold this network
     */
    public static Inception open(Path weights) {
        SequencedMap<String, long[]> shapes = new LinkedHashMap<>();
        TensorSource nothing = TensorSource.hollow();
        new Inception(Parameters.root((name, shape) -> {
                    shapes.put(name, shape);
                    return nothing.tensor(name, shape);
                }))
                .close();
        MappedWeights source = MappedWeights.open(List.of(weights), Dtype.F32);
        try {
            source.check(
                    shapes,
                    source.names().stream().filter(Inception::unread).collect(HashSet::new, Set::add, Set::addAll));
            return new Inception(Parameters.root(source));
        } catch (RuntimeException | Error e) {
            source.close();
            throw e;
        }
    }

    private static boolean unread(String name) {
        return name.startsWith("fc.") || name.startsWith("AuxLogits.") || name.endsWith(".num_batches_tracked");
    }

    Inception(Parameters p) {
        parameters = p;
        try (var _ = new Scope()) {
            Branch stem = new Branch(p, 3) // (B, 3, 299, 299)
                    .conv("Conv2d_1a_3x3", 32, 3, 2)
                    .conv("Conv2d_2a_3x3", 32, 3, 3, false)
                    .conv("Conv2d_2b_3x3", 64, 3, 1)
                    .pool(Inception::halved)
                    .conv("Conv2d_3b_1x1", 80, 1, 1)
                    .conv("Conv2d_4a_3x3", 192, 3, 3, false)
                    .pool(Inception::halved); // (B, 192, 35, 35)
            blocks.add(List.of(stem));
            blocks.add(a(p.child("Mixed_5b"), 192, 32)); // (B, 256, 35, 35)
            blocks.add(a(p.child("Mixed_5c"), 256, 64)); // (B, 288, 35, 35)
            blocks.add(a(p.child("Mixed_5d"), 288, 64));
            blocks.add(b(p.child("Mixed_6a"))); // (B, 768, 17, 17)
            blocks.add(c(p.child("Mixed_6b"), 128));
            blocks.add(c(p.child("Mixed_6c"), 160));
            blocks.add(c(p.child("Mixed_6d"), 160));
            blocks.add(c(p.child("Mixed_6e"), 192));
            blocks.add(d(p.child("Mixed_7a"))); // (B, 1280, 8, 8)
            blocks.add(e(p.child("Mixed_7b"), 1280, Inception::average)); // (B, 2048, 8, 8)
            blocks.add(e(p.child("Mixed_7c"), 2048, Inception::maximum));
        }
    }

    private static List<UnaryOperator<Tensor>> a(Parameters p, int in, int poolFeatures) {
        return List.of(
                new Branch(p, in).conv("branch1x1", 64, 1, 1),
                new Branch(p, in).conv("branch5x5_1", 48, 1, 1).conv("branch5x5_2", 64, 5, 1),
                new Branch(p, in)
                        .conv("branch3x3dbl_1", 64, 1, 1)
                        .conv("branch3x3dbl_2", 96, 3, 1)
                        .conv("branch3x3dbl_3", 96, 3, 1),
                new Branch(p, in).pool(Inception::average).conv("branch_pool", poolFeatures, 1, 1));
    }

    private static List<UnaryOperator<Tensor>> b(Parameters p) {
        return List.of(
                new Branch(p, 288).conv("branch3x3", 384, 3, 2),
                new Branch(p, 288)
                        .conv("branch3x3dbl_1", 64, 1, 1)
                        .conv("branch3x3dbl_2", 96, 3, 1)
                        .conv("branch3x3dbl_3", 96, 3, 2),
                new Branch(p, 288).pool(Inception::halved));
    }

    private static List<UnaryOperator<Tensor>> c(Parameters p, int inner) {
        return List.of(
                new Branch(p, 768).conv("branch1x1", 192, 1, 1),
                new Branch(p, 768)
                        .conv("branch7x7_1", inner, 1, 1)
                        .conv("branch7x7_2", inner, 1, 7, true)
                        .conv("branch7x7_3", 192, 7, 1, true),
                new Branch(p, 768)
                        .conv("branch7x7dbl_1", inner, 1, 1)
                        .conv("branch7x7dbl_2", inner, 7, 1, true)
                        .conv("branch7x7dbl_3", inner, 1, 7, true)
                        .conv("branch7x7dbl_4", inner, 7, 1, true)
                        .conv("branch7x7dbl_5", 192, 1, 7, true),
                new Branch(p, 768).pool(Inception::average).conv("branch_pool", 192, 1, 1));
    }

    private static List<UnaryOperator<Tensor>> d(Parameters p) {
        return List.of(
                new Branch(p, 768).conv("branch3x3_1", 192, 1, 1).conv("branch3x3_2", 320, 3, 2),
                new Branch(p, 768)
                        .conv("branch7x7x3_1", 192, 1, 1)
                        .conv("branch7x7x3_2", 192, 1, 7, true)
                        .conv("branch7x7x3_3", 192, 7, 1, true)
                        .conv("branch7x7x3_4", 192, 3, 2),
                new Branch(p, 768).pool(Inception::halved));
    }

    private static List<UnaryOperator<Tensor>> e(Parameters p, int in, UnaryOperator<Tensor> pool) {
        Branch narrow = new Branch(p, in).conv("branch3x3_1", 384, 1, 1);
        narrow.split(
                narrow.fork().conv("branch3x3_2a", 384, 1, 3, true),
                narrow.fork().conv("branch3x3_2b", 384, 3, 1, true));
        Branch twice = new Branch(p, in).conv("branch3x3dbl_1", 448, 1, 1).conv("branch3x3dbl_2", 384, 3, 1);
        twice.split(
                twice.fork().conv("branch3x3dbl_3a", 384, 1, 3, true),
                twice.fork().conv("branch3x3dbl_3b", 384, 3, 1, true));
        return List.of(
                new Branch(p, in).conv("branch1x1", 320, 1, 1),
                narrow,
                twice,
                new Branch(p, in).pool(pool).conv("branch_pool", 192, 1, 1));
    }

    /** Features (B, 2048) of images (B, C, H, W) in [0, 1], grey ones repeated; in f32, without a graph. */
    public Tensor features(Tensor images) {
        Tensor x = images.to(ScalarType.Float);
        x = x.size(1) == 1 ? x.expand(x.size(0), 3, x.size(2), x.size(3)) : x; // (B, 3, H, W)
        x = torch.upsample_bilinear2d(x, new long[] {SIDE, SIDE}, false);
        x = x.mul(new Scalar(2)).sub(new Scalar(1)); // (B, 3, 299, 299)
        for (List<UnaryOperator<Tensor>> block : blocks) {
            Tensor in = x;
            Tensor[] parts = block.stream().map(branch -> branch.apply(in)).toArray(Tensor[]::new);
            x = parts.length == 1 ? parts[0] : torch.cat(new TensorVector(parts), 1);
        }
        return x.mean(2, 3); // (B, 2048)
    }

    @Override
    public void close() {
        parameters.close();
    }
}
