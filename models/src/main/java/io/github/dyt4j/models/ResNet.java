package io.github.dyt4j.models;

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
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.jspecify.annotations.Nullable;

/**
 * ResNet with bottlenecks (He et al. 2016, "Deep residual learning"), the stride in the 3×3 convolution, with torchvision's parameter names
 * and starts. Every batch norm is a norm slot, 53 in ResNet-50: where DyT stands in their place, the paper's accuracy falls (Zhu et al. 2025,
 * table 16). No linear layer reads a norm, so that nothing is folded.
 */
public final class ResNet implements Model {
    private static final int EXPANSION = 4;

    /** What comes before the stages. */
    public enum Stem {
        /** A 7×7 convolution of stride 2 and max pooling: a quarter of the resolution. */
        IMAGENET,
        /** A 3×3 convolution: the whole resolution, for images of some 32 pixels (He et al. 2016, section 4.2). */
        CIFAR
    }

    /**
     * A size.
     *
     * @param imgSize height and width in pixels; any, since an odd side is halved upwards
     * @param layers blocks of each stage; every stage but the first halves the resolution
     * @param width channels inside the first stage's blocks, doubled by each stage; a block gives 4 times as many
     */
    public record Config(int imgSize, int inChans, int numClasses, List<Integer> layers, int width, Stem stem)
            implements ImageConfig {

        @Override
        public Config with(Overrides o) {
            Config c = new Config(
                    o.positive("img_size", imgSize),
                    o.positive("in_chans", inChans),
                    o.positive("num_classes", numClasses),
                    o.somePositives("layers", layers),
                    o.positive("width", width),
                    o.choice("stem", stem, Stem.class));
            o.refuseOthers();
            return c;
        }

        @Override
        public Model create(NormSpec spec, Parameters parameters) {
            return new ResNet(this, spec, parameters);
        }

        @Override
        public @Nullable String refusal(NormSpec norm) {
            return null;
        }

        /** By convolution and place: its output, the norm's and the ReLU's, and the two gradients at the norm. */
        @Override
        public long activationCount() {
            long side = stem == Stem.IMAGENET ? Math.ceilDiv(imgSize, 2) : imgSize;
            long count = (long) inChans * imgSize * imgSize + 5L * width * side * side;
            side = stem == Stem.IMAGENET ? Math.ceilDiv(side, 2) : side;
            for (int i = 0; i < layers.size(); i++) {
                long inside = (long) width << i;
                long outer = side;
                side = i == 0 ? side : Math.ceilDiv(side, 2);
                long blocks = layers.get(i) * (2 + EXPANSION) + EXPANSION; // and the first block's shortcut
                count += 5 * inside * (blocks * side * side + (outer * outer - side * side));
            }
            return count;
        }
    }

    /** ResNet-50 as published, at 224 pixels and 1000 classes. */
    static SequencedMap<String, Config> sizes() {
        SequencedMap<String, Config> sizes = new LinkedHashMap<>();
        sizes.put("resnet50", new Config(224, 3, 1000, List.of(3, 4, 6, 3), 64, Stem.IMAGENET));
        return sizes;
    }

    /** N(0, 2/(out·K²)) (He et al. 2015, by the fan-out). */
    private static Conv2d conv(Parameters p, int in, int out, int kernel, int stride) {
        double std = Math.sqrt(2.0 / (out * kernel * kernel));
        return new Conv2d(p, Init.normal(std, out, in, kernel, kernel), false, stride, kernel / 2);
    }

    /** relu(x + f(x)), f of three convolutions, each with its norm: 1×1 to fewer channels, 3×3, 1×1 to more (He et al. 2016, figure 5). */
    static final class Bottleneck {
        private final Conv2d conv1;
        private final Norm bn1;
        private final Conv2d conv2;
        private final Norm bn2;
        private final Conv2d conv3;
        private final Norm bn3;
        private final @Nullable Conv2d shortcut;
        private final @Nullable Norm shortcutNorm;

        Bottleneck(Parameters p, Norms norms, int in, int inside, int stride) {
            int out = EXPANSION * inside;
            conv1 = conv(p.child("conv1"), in, inside, 1, 1);
            bn1 = norm(norms, p.child("bn1"), inside);
            conv2 = conv(p.child("conv2"), inside, inside, 3, stride);
            bn2 = norm(norms, p.child("bn2"), inside);
            conv3 = conv(p.child("conv3"), inside, out, 1, 1);
            bn3 = norm(norms, p.child("bn3"), out);
            boolean changes = stride != 1 || in != out;
            Parameters d = p.child("downsample");
            shortcut = changes ? conv(d.child(0), in, out, 1, stride) : null;
            shortcutNorm = changes ? norm(norms, d.child(1), out) : null;
        }

        private static Norm norm(Norms norms, Parameters p, int channels) {
            return norms.at(Site.CONV, p, channels, Layout.CHANNELS_FIRST, true);
        }

        Tensor forward(Tensor x) { // (B, in, H, W)
            Tensor y = bn1.forward(conv1.forward(x)).relu(); // (B, inside, H, W)
            y = bn2.forward(conv2.forward(y)).relu(); // (B, inside, H/stride, W/stride)
            y = bn3.forward(conv3.forward(y)); // (B, 4·inside, H/stride, W/stride)
            Tensor direct = shortcut == null || shortcutNorm == null ? x : shortcutNorm.forward(shortcut.forward(x));
            return y.add(direct).relu_();
        }
    }

    private final Config config;
    private final Parameters parameters;
    private final Norms norms;
    private final Conv2d conv1;
    private final Norm bn1;
    private final List<Bottleneck> blocks = new ArrayList<>();
    private final Linear fc;

    ResNet(Config c, NormSpec spec, Parameters root) {
        config = c;
        parameters = root;
        norms = new Norms(spec);
        try (var _ = new Scope()) {
            Parameters p = parameters;
            boolean large = c.stem == Stem.IMAGENET;
            conv1 = conv(p.child("conv1"), c.inChans, c.width, large ? 7 : 3, large ? 2 : 1);
            bn1 = norms.at(Site.STEM, p.child("bn1"), c.width, Layout.CHANNELS_FIRST, true);
            int in = c.width;
            for (int i = 0; i < c.layers.size(); i++) {
                int inside = c.width << i;
                for (int j = 0; j < c.layers.get(i); j++) {
                    Parameters block = p.child("layer" + (i + 1)).child(j);
                    blocks.add(new Bottleneck(block, norms, in, inside, i > 0 && j == 0 ? 2 : 1));
                    in = EXPANSION * inside;
                }
            }
            fc = Linear.uniform(p.child("fc"), in, c.numClasses);
        }
    }

    @Override
    public Tensor forward(Tensor x) { // (B, C, H, W)
        x = conv1.forward(x).contiguous(MemoryFormat.ChannelsLast); // (B, width, H/2, W/2); cifar: (B, width, H, W)
        x = bn1.forward(x).relu();
        if (config.stem == Stem.IMAGENET) {
            x = torch.max_pool2d(x, new long[] {3, 3}, new long[] {2, 2}, new long[] {1, 1}, new long[] {1, 1}, false);
        }
        for (Bottleneck block : blocks) {
            x = block.forward(x);
        }
        x = x.mean(new long[] {2, 3}, false, new ScalarTypeOptional()); // (B, 4 · the last stage's width)
        return fc.forward(x); // (B, classes)
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
