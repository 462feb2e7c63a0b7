package io.github.dyt4j.models;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Layout;
import io.github.dyt4j.torch.Norm;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Norms;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Site;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.jspecify.annotations.Nullable;

/**
 * VGG with a norm after every convolution (Simonyan and Zisserman 2014, configuration E; the norms: Ioffe and Szegedy 2015), with
 * torchvision's parameter names and starts. Norm slots: 16 in VGG19. No linear layer reads a norm, so that nothing is folded.
 */
public final class Vgg implements Model {
    /** Side of the pooled map that the classifier reads, and the widest stage in units of the first. */
    private static final int POOLED = 7;

    private static final int WIDEST = 8;

    /**
     * A size.
     *
     * @param imgSize height and width in pixels, large enough that every stage can halve it
     * @param layers convolutions of each stage; each stage ends in max pooling
     * @param width channels of the first stage, doubled by each up to 8 times as many
     * @param headHiddenSize width of the classifier's two hidden layers
     * @param dropRate dropout after each of them, in training alone
     */
    public record Config(
            int imgSize,
            int inChans,
            int numClasses,
            List<Integer> layers,
            int width,
            int headHiddenSize,
            double dropRate)
            implements ImageConfig {

        @Override
        public Config with(Overrides o) {
            Config c = new Config(
                    o.positive("img_size", imgSize),
                    o.positive("in_chans", inChans),
                    o.positive("num_classes", numClasses),
                    o.somePositives("layers", layers),
                    o.positive("width", width),
                    o.positive("head_hidden_size", headHiddenSize),
                    o.number("drop_rate", dropRate));
            o.refuseOthers();
            int halvings = Math.min(c.layers.size(), 30);
            if (c.imgSize >> halvings < 1) {
                throw new UserError("img_size " + c.imgSize + " is too small: " + halvings
                        + " halvings leave nothing of it.\nTake " + (1 << halvings)
                        + " or more, or fewer stages in layers.");
            }
            if (!(c.dropRate >= 0 && c.dropRate < 1)) {
                throw new UserError("drop_rate " + c.dropRate + " is not in [0, 1).");
            }
            return c;
        }

        @Override
        public Model create(NormSpec spec, Parameters parameters) {
            return new Vgg(this, spec, parameters);
        }

        @Override
        public @Nullable String refusal(NormSpec norm) {
            return null;
        }

        /** By convolution and place: its output, the norm's and the ReLU's, and the two gradients at the norm. */
        @Override
        public long activationCount() {
            long count = (long) inChans * imgSize * imgSize + 6L * headHiddenSize;
            long side = imgSize;
            for (int i = 0; i < layers.size(); i++) {
                count += 5L * layers.get(i) * channels(i) * side * side;
                side /= 2;
            }
            return count;
        }

        int channels(int stage) {
            return width * (int) Math.min(1L << stage, WIDEST);
        }

        /**
         * 7 as published, where the last map is as large: torchvision repeats the values of a smaller one until it is, here it stays as
         * it is.
         */
        int pooled() {
            return Math.min(POOLED, imgSize >> layers.size());
        }
    }

    /** VGG19 by torchvision's name, at 224 pixels and 1000 classes. */
    static SequencedMap<String, Config> sizes() {
        SequencedMap<String, Config> sizes = new LinkedHashMap<>();
        sizes.put("vgg19_bn", new Config(224, 3, 1000, List.of(2, 2, 4, 4, 4), 64, 4096, 0.5));
        return sizes;
    }

    /** relu(norm(conv 3×3(x))). */
    private record Layer(Conv2d conv, Norm norm) {
        Tensor forward(Tensor x) { // (B, in, H, W)
            x = conv.forward(x).contiguous(MemoryFormat.ChannelsLast); // (B, out, H, W)
            return norm.forward(x).relu();
        }
    }

    private final Config config;
    private final Parameters parameters;
    private final Norms norms;
    private final List<List<Layer>> stages = new ArrayList<>();
    private final Linear fc1;
    private final Linear fc2;
    private final Linear head;

    Vgg(Config c, NormSpec spec, Parameters root) {
        config = c;
        parameters = root;
        norms = new Norms(spec);
        try (var _ = new Scope()) {
            int in = c.inChans;
            int index = 0; // torchvision counts convolution, norm, ReLU and pooling
            for (int i = 0; i < c.layers.size(); i++) {
                List<Layer> stage = new ArrayList<>();
                int out = c.channels(i);
                for (int j = 0; j < c.layers.get(i); j++) {
                    Parameters features = parameters.child("features");
                    double std = Math.sqrt(2.0 / (out * 9)); // He et al. 2015, by the fan-out
                    stage.add(new Layer(
                            new Conv2d(features.child(index), Init.normal(std, out, in, 3, 3), true, 1, 1),
                            norms.at(Site.CONV, features.child(index + 1), out, Layout.CHANNELS_FIRST, true)));
                    index += 3;
                    in = out;
                }
                index++;
                stages.add(stage);
            }
            Parameters classifier = parameters.child("classifier");
            fc1 = linear(classifier.child(0), in * c.pooled() * c.pooled(), c.headHiddenSize);
            fc2 = linear(classifier.child(3), c.headHiddenSize, c.headHiddenSize);
            head = linear(classifier.child(6), c.headHiddenSize, c.numClasses);
        }
    }

    private static Linear linear(Parameters p, int in, int out) {
        return new Linear(p.parameter("weight", Init.normal(0.01, out, in)), p.parameter("bias", Init.zeros(out)));
    }

    @Override
    public Tensor forward(Tensor x) { // (B, C, H, W)
        for (List<Layer> stage : stages) {
            for (Layer layer : stage) {
                x = layer.forward(x);
            }
            x = torch.max_pool2d(x, 2, 2); // (B, channels, H/2, W/2)
        }
        int side = config.pooled();
        x = x.size(2) == side && x.size(3) == side ? x : torch.adaptive_avg_pool2d(x, side, side);
        x = x.flatten(1, -1); // (B, channels·side·side), a channel's places together
        x = dropout(fc1.forward(x).relu());
        x = dropout(fc2.forward(x).relu());
        return head.forward(x); // (B, classes)
    }

    private Tensor dropout(Tensor x) {
        return torch.dropout(x, config.dropRate, parameters.training());
    }

    @Override
    public List<Fold> folds() {
        return List.of();
    }

    public Config config() {
        return config;
    }

    @Override
    public Parameters parameters() {
        return parameters;
    }

    @Override
    public Norms norms() {
        return norms;
    }

    @Override
    public long[] inputShape() {
        return config.inputShape();
    }
}
