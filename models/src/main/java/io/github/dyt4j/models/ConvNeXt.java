package io.github.dyt4j.models;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Layout;
import io.github.dyt4j.torch.Norm;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Norms;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Site;
import io.github.dyt4j.torch.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.MemoryFormat;
import org.jspecify.annotations.Nullable;

/**
 * ConvNeXt (Liu et al. 2022, "A ConvNet for the 2020s"), with timm's parameter names and starts. Norm slots: the stem, one a block, one
 * before each of three downsamplings, and one after pooling, so 41 for base and large.
 *
 * <p>Images lie in memory as (N, H, W, C) all the way, whatever axis their shape names second: so a block's norm and MLP, which work on the
 * last axis, need no copy, and the depthwise convolutions run several times as fast.
 */
public final class ConvNeXt implements Model {
    private static final int STAGES = 4;
    private static final int MLP_RATIO = 4;

    /**
     * A size. Names are timm's.
     *
     * @param imgSize height and width in pixels, 8·{@code patchSize} or more
     * @param patchSize kernel and stride of the stem, 4 as published. Smaller ones are for small images; unlike timm, a stem of stride 2 adds
     *     no downsampling to the first stage
     * @param depths blocks of each stage
     * @param dims channels of each stage
     * @param lsInitValue start of the layer scale
     * @param dropPathRate the last block's rate of stochastic depth, rising in equal steps over all blocks
     */
    public record Config(
            int imgSize,
            int patchSize,
            int inChans,
            int numClasses,
            List<Integer> depths,
            List<Integer> dims,
            double lsInitValue,
            double dropPathRate)
            implements ImageConfig {

        @Override
        public Config with(Overrides o) {
            Config c = new Config(
                    o.positive("img_size", imgSize),
                    o.positive("patch_size", patchSize),
                    o.positive("in_chans", inChans),
                    o.positive("num_classes", numClasses),
                    o.positives("depths", depths),
                    o.positives("dims", dims),
                    o.number("ls_init_value", lsInitValue),
                    o.number("drop_path_rate", dropPathRate));
            o.refuseOthers();
            int least = c.patchSize << (STAGES - 1);
            if (c.imgSize < least) {
                throw new UserError("img_size " + c.imgSize + " is too small: a stem of patch_size " + c.patchSize
                        + " and three halvings leave nothing of it.\nTake " + least
                        + " or more, or a smaller patch_size.");
            }
            if (!(c.dropPathRate >= 0 && c.dropPathRate < 1)) {
                throw new UserError("drop_path_rate " + c.dropPathRate + " is not in [0, 1).");
            }
            return c;
        }

        @Override
        public Model create(NormSpec spec, Parameters parameters) {
            return new ConvNeXt(this, spec, parameters);
        }

        @Override
        public @Nullable String refusal(NormSpec norm) {
            return null;
        }

        /**
         * By block and place, in units of the stage's channels: the convolution's output, the norm's, the hidden layer before and after
         * GELU (4 each), fc2, the sum, and the gradients at the norm; with stochastic depth nothing more, since its mask has a value a
         * sample. Beside them by stage two more of the hidden layer's gradients, one block at a time.
         */
        @Override
        public long activationCount() {
            long count = (long) inChans * imgSize * imgSize;
            long side = imgSize / patchSize;
            for (int i = 0; i < STAGES; i++) {
                count += (14L * depths.get(i) + 3) * dims.get(i) * side * side;
                side /= 2;
            }
            return count + 2L * MLP_RATIO * dims.getFirst() * (imgSize / patchSize) * (imgSize / patchSize);
        }

        int blocks() {
            return depths.stream().mapToInt(Integer::intValue).sum();
        }
    }

    /** The published sizes by timm's names, at 224 pixels and 1000 classes. */
    static SequencedMap<String, Config> sizes() {
        SequencedMap<String, Config> sizes = new LinkedHashMap<>();
        sizes.put("convnext_tiny", size(List.of(3, 3, 9, 3), 96));
        sizes.put("convnext_small", size(List.of(3, 3, 27, 3), 96));
        sizes.put("convnext_base", size(List.of(3, 3, 27, 3), 128));
        sizes.put("convnext_large", size(List.of(3, 3, 27, 3), 192));
        return sizes;
    }

    private static Config size(List<Integer> depths, int width) {
        return new Config(224, 4, 3, 1000, depths, List.of(width, 2 * width, 4 * width, 8 * width), 1e-6, 0);
    }

    /** x + layerScale · mlp(norm(depthwise 7×7(x))) (Liu et al. 2022, figure 4). */
    static final class Block {
        private final Tensor gamma;
        private final Conv2d convDw;
        private final Norm norm;
        private final Mlp mlp;
        private final DropPath dropPath;

        Block(Parameters p, Norms norms, int dim, double lsInitValue, double dropPathRate) {
            gamma = p.parameter("gamma", Tensors.full(lsInitValue, dim));
            convDw = new Conv2d(p.child("conv_dw"), Init.normal(0.02, dim, 1, 7, 7), true, 1, 3, dim);
            norm = norms.at(Site.MLP, p.child("norm"), dim, Layout.LAST, true);
            mlp = new Mlp(p.child("mlp"), dim, MLP_RATIO * dim);
            dropPath = new DropPath(p, dropPathRate);
        }

        Tensor forward(Tensor x) { // (B, C, H, W)
            Tensor y = convDw.forward(x).permute(0, 2, 3, 1); // (B, H, W, C)
            y = mlp.forward(norm.forward(y)).permute(0, 3, 1, 2); // (B, C, H, W)
            // One pass for scale, mask and sum.
            return torch.addcmul(x, y, dropPath.forward(gamma.view(1, -1, 1, 1).expand(x.size(0), -1, 1, 1)));
        }

        Fold fold() {
            return new Fold(norm, mlp.fc1());
        }
    }

    /** Half the resolution, but for the first stage, then the blocks. */
    static final class Stage {
        private final @Nullable Norm norm;
        private final @Nullable Conv2d downsample;
        private final List<Block> blocks = new ArrayList<>();

        Stage(Parameters p, Norms norms, Config c, int stage) {
            int dim = c.dims.get(stage);
            if (stage == 0) {
                norm = null;
                downsample = null;
            } else {
                int in = c.dims.get(stage - 1);
                Parameters d = p.child("downsample");
                norm = norms.at(Site.DOWNSAMPLE, d.child(0), in, Layout.CHANNELS_FIRST, true);
                downsample = new Conv2d(d.child(1), Init.normal(0.02, dim, in, 2, 2), true, 2, 0);
            }
            int before =
                    c.depths.stream().limit(stage).mapToInt(Integer::intValue).sum();
            for (int i = 0; i < c.depths.get(stage); i++) {
                double rate = DropPath.atBlock(c.dropPathRate, before + i, c.blocks());
                blocks.add(new Block(p.child("blocks").child(i), norms, dim, c.lsInitValue, rate));
            }
        }

        Tensor forward(Tensor x) { // (B, C, H, W)
            if (norm != null && downsample != null) {
                x = downsample.forward(norm.forward(x)); // (B, 2·C, H/2, W/2)
            }
            for (Block block : blocks) {
                x = block.forward(x);
            }
            return x;
        }
    }

    private final Config config;
    private final Parameters parameters;
    private final Norms norms;
    private final Conv2d stem;
    private final Norm stemNorm;
    private final List<Stage> stages = new ArrayList<>();
    private final Norm norm;
    private final Linear head;

    ConvNeXt(Config c, NormSpec spec, Parameters root) {
        config = c;
        parameters = root;
        norms = new Norms(spec);
        try (var _ = new Scope()) {
            Parameters p = parameters;
            int first = c.dims.getFirst();
            stem = new Conv2d(
                    p.child("stem").child(0),
                    Init.normal(0.02, first, c.inChans, c.patchSize, c.patchSize),
                    true,
                    c.patchSize,
                    0);
            stemNorm = norms.at(Site.STEM, p.child("stem").child(1), first, Layout.CHANNELS_FIRST, true);
            for (int i = 0; i < STAGES; i++) {
                stages.add(new Stage(p.child("stages").child(i), norms, c, i));
            }
            Parameters h = p.child("head");
            norm = norms.at(Site.FINAL, h.child("norm"), c.dims.getLast(), Layout.CHANNELS_FIRST, true);
            head = new Linear(h.child("fc"), c.dims.getLast(), c.numClasses);
        }
    }

    @Override
    public Tensor forward(Tensor x) { // (B, C, H, W)
        x = stem.forward(x).contiguous(MemoryFormat.ChannelsLast); // (B, D, H/P, W/P)
        x = stemNorm.forward(x);
        for (Stage stage : stages) {
            x = stage.forward(x);
        }
        x = x.mean(new long[] {2, 3}, false, new ScalarTypeOptional()); // (B, 8·D)
        return head.forward(norm.forward(x)); // (B, classes)
    }

    @Override
    public List<Fold> folds() {
        return Stream.concat(
                        stages.stream().flatMap(s -> s.blocks.stream()).map(Block::fold),
                        Stream.of(new Fold(norm, head)))
                .toList();
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
