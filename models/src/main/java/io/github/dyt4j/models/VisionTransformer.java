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
import java.util.Set;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Vision Transformer (Dosovitskiy et al. 2021, "An image is worth 16x16 words"; sizes tiny and small: Touvron et al. 2021), pre-norm,
 * with timm's parameter names and starts. Norm slots: two a block, and one after pooling, so 25 for base and 49 for large.
 */
public final class VisionTransformer implements Model {
    /** How the tokens become one vector: the class token, or the mean of all others (the paper's choice). */
    public enum Pool {
        TOKEN,
        AVG
    }

    /**
     * A size. Names are timm's; {@code dropPathRate} is the last block's rate of stochastic depth.
     *
     * @param imgSize height and width in pixels, a multiple of {@code patchSize}
     * @param mlpRatio the MLP's hidden width over {@code embedDim}
     * @param method what the model is trained with in the norms' place; null: norms
     */
    public record Config(
            int imgSize,
            int patchSize,
            int inChans,
            int numClasses,
            Pool globalPool,
            int embedDim,
            int depth,
            int numHeads,
            double mlpRatio,
            double dropPathRate,
            @Nullable Method method)
            implements ImageConfig {

        Config(
                int imgSize,
                int patchSize,
                int inChans,
                int numClasses,
                Pool globalPool,
                int embedDim,
                int depth,
                int numHeads,
                double mlpRatio,
                double dropPathRate) {
            this(
                    imgSize,
                    patchSize,
                    inChans,
                    numClasses,
                    globalPool,
                    embedDim,
                    depth,
                    numHeads,
                    mlpRatio,
                    dropPathRate,
                    null);
        }

        @Override
        public Config with(Overrides o) {
            Config c = new Config(
                    o.positive("img_size", imgSize),
                    o.positive("patch_size", patchSize),
                    o.positive("in_chans", inChans),
                    o.positive("num_classes", numClasses),
                    o.choice("global_pool", globalPool, Pool.class),
                    o.positive("embed_dim", embedDim),
                    o.positive("depth", depth),
                    o.positive("num_heads", numHeads),
                    o.number("mlp_ratio", mlpRatio),
                    o.number("drop_path_rate", dropPathRate),
                    o.optionalChoice("method", method, Method.class));
            o.refuseOthers();
            PatchEmbed.requireWholePatches(c.imgSize, c.patchSize);
            Attention.requireEqualHeads("embed_dim", c.embedDim, "num_heads", c.numHeads);
            if (c.hidden() < 1) {
                throw new UserError("mlp_ratio " + c.mlpRatio
                        + " leaves the MLP without a hidden unit: it must be positive, usually 4.");
            }
            if (!(c.dropPathRate >= 0 && c.dropPathRate < 1)) {
                throw new UserError("drop_path_rate " + c.dropPathRate + " is not in [0, 1).");
            }
            return c;
        }

        @Override
        public Model create(NormSpec spec, Parameters parameters) {
            Method.requireNoNorm(method, spec);
            return new VisionTransformer(this, spec, parameters);
        }

        @Override
        public int heads() {
            return numHeads;
        }

        /**
         * By block and token: the hidden layer before and after GELU, and vectors of width E: the block's input, norm1, q, k, v, the heads'
         * output, proj, the sum, norm2, fc2, the sum, and the gradients at the two norms; with stochastic depth two more. What autograd does
         * not save of this, the scope of the step holds. Beside them the hidden layer's two gradients, one block at a time.
         */
        @Override
        public long activationCount() {
            long tokens = 1 + patches();
            long vectors = dropPathRate > 0 ? 16 : 14;
            long block = vectors * embedDim + 2L * hidden();
            return (long) inChans * imgSize * imgSize + tokens * (depth * block + 2L * hidden());
        }

        /** Two residual branches a block. */
        Layers layers() {
            return Method.layers(method, 2 * depth);
        }

        int patches() {
            return (imgSize / patchSize) * (imgSize / patchSize);
        }

        int hidden() {
            return (int) (embedDim * mlpRatio);
        }
    }

    /** The published sizes by timm's names, at 224 pixels, 1000 classes and class-token pooling. */
    static SequencedMap<String, Config> sizes() {
        SequencedMap<String, Config> sizes = new LinkedHashMap<>();
        for (int patch : new int[] {4, 8, 16, 32}) {
            sizes.put("vit_tiny_patch" + patch + "_224", new Config(224, patch, 3, 1000, Pool.TOKEN, 192, 12, 3, 4, 0));
            sizes.put(
                    "vit_small_patch" + patch + "_224", new Config(224, patch, 3, 1000, Pool.TOKEN, 384, 12, 6, 4, 0));
            sizes.put(
                    "vit_base_patch" + patch + "_224", new Config(224, patch, 3, 1000, Pool.TOKEN, 768, 12, 12, 4, 0));
            sizes.put(
                    "vit_large_patch" + patch + "_224",
                    new Config(224, patch, 3, 1000, Pool.TOKEN, 1024, 24, 16, 4, 0));
        }
        return sizes;
    }

    /**
     * Pre-norm block: x + attention(norm1(x)), then + mlp(norm2(·)) (Dosovitskiy et al. 2021, eq. 2 and 3). Some {@link Method}s scale what
     * is added.
     */
    static final class Block {
        private final Norm norm1;
        private final Attention attention;
        private final Residual residual1;
        private final Norm norm2;
        private final Mlp mlp;
        private final Residual residual2;
        private final DropPath dropPath;

        Block(Parameters p, Norms norms, Config c, double dropPathRate) {
            Layers layers = c.layers();
            norm1 = norms.at(Site.ATTENTION, p.child("norm1"), c.embedDim, Layout.LAST, true);
            Parameters attn = p.child("attn");
            attention = new Attention(
                    layers.qkv(attn.child("qkv"), c.embedDim),
                    layers.last(attn.child("proj"), c.embedDim, c.embedDim),
                    c.embedDim,
                    c.numHeads);
            residual1 = layers.residual(attn);
            norm2 = norms.at(Site.MLP, p.child("norm2"), c.embedDim, Layout.LAST, true);
            Parameters ffn = p.child("mlp");
            mlp = new Mlp(
                    layers.hidden(ffn.child("fc1"), c.embedDim, c.hidden()),
                    layers.last(ffn.child("fc2"), c.hidden(), c.embedDim));
            residual2 = layers.residual(ffn);
            dropPath = new DropPath(p, dropPathRate);
        }

        Tensor forward(Tensor x) { // (B, 1 + N, E)
            x = residual1.join(x, dropPath.forward(attention.forward(norm1.forward(x))));
            return residual2.join(x, dropPath.forward(mlp.forward(norm2.forward(x))));
        }

        Stream<Fold> folds() {
            return Stream.of(new Fold(norm1, attention.qkv()), new Fold(norm2, mlp.fc1()));
        }
    }

    private final Config config;
    private final Parameters parameters;
    private final Norms norms;
    private final Tensor clsToken;
    private final Tensor posEmbed;
    private final PatchEmbed patchEmbed;
    private final List<Block> blocks = new ArrayList<>();
    private final Norm norm;
    private final Linear head;

    VisionTransformer(Config c, NormSpec spec, Parameters root) {
        config = c;
        parameters = root;
        norms = new Norms(spec);
        try (var _ = new Scope()) {
            Parameters p = parameters;
            clsToken = p.parameter("cls_token", Init.normal(1e-6, 1, 1, c.embedDim));
            posEmbed = p.parameter("pos_embed", Init.normal(0.02, 1, 1 + c.patches(), c.embedDim));
            patchEmbed = c.layers().patchEmbed(p.child("patch_embed"), c.patchSize, c.inChans, c.embedDim);
            for (int i = 0; i < c.depth; i++) {
                double rate = DropPath.atBlock(c.dropPathRate, i, c.depth);
                blocks.add(new Block(p.child("blocks").child(i), norms, c, rate));
            }
            String slot = c.globalPool == Pool.AVG ? "fc_norm" : "norm";
            norm = norms.at(Site.FINAL, p.child(slot), c.embedDim, Layout.LAST, true);
            head = c.layers().head(p.child("head"), c.embedDim, c.numClasses);
        }
    }

    @Override
    public Tensor forward(Tensor x) { // (B, C, H, W)
        x = patchEmbed.forward(x); // (B, N, E)
        Tensor cls = clsToken.expand(x.size(0), 1, config.embedDim);
        x = torch.cat(new TensorVector(cls, x), 1).add(posEmbed); // (B, 1 + N, E)
        for (Block block : blocks) {
            x = block.forward(x);
        }
        x = switch (config.globalPool) {
            case TOKEN ->
                x.select(1, 0); // (B, E): timm norms every token first; norms go token by token, so this is the same
            case AVG -> x.narrow(1, 1, config.patches()).mean(1); // (B, E)
        };
        return head.forward(norm.forward(x)); // (B, classes)
    }

    @Override
    public List<Fold> folds() {
        return Stream.concat(blocks.stream().flatMap(Block::folds), Stream.of(new Fold(norm, head)))
                .toList();
    }

    /**
     * Which layer a parameter is of, where learning rates go by layers: 0 for tokens, positions and patches, 1 + i for block i, 1 + depth for
     * what comes after the blocks (as BEiT and MAE are fine-tuned).
     */
    public int layer(String parameter) {
        if (parameter.startsWith("blocks.")) {
            return 1 + Integer.parseInt(parameter.split("\\.", 3)[1]);
        }
        return parameter.matches("cls_token|pos_embed|patch_embed\\..*") ? 0 : 1 + config.depth;
    }

    @Override
    public List<String> ruleNotes() {
        return config.layers().notes();
    }

    /** timm's exceptions. */
    @Override
    public Set<String> withoutDecay() {
        return Set.of("cls_token", "pos_embed");
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
