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
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Masked autoencoder (He et al. 2021, "Masked Autoencoders Are Scalable Vision Learners", section 3): a ViT sees a quarter of the patches,
 * and a small second one gives back the pixels of all others from its output. Names and starts are the authors'; the encoder's names are
 * those of {@link VisionTransformer}, which takes its weights as they are. Norm slots: two a block and one after each half, so 42 for base
 * and 66 for large.
 */
public final class MaskedAutoencoder implements Model {
    /**
     * A size.
     *
     * @param imgSize height and width in pixels, a multiple of {@code patchSize}
     * @param embedDim width of the encoder, a multiple of 4 and of {@code numHeads}; so too the decoder's
     * @param mlpRatio the hidden width of the MLPs over their width, in both halves
     * @param maskRatio share of the patches that are hidden; of N patches ⌊N·(1 − maskRatio)⌋ are seen, at least one and not all
     * @param method what the model is trained with in the norms' place, in each half as in a stream of its own; null: norms
     * @param normPixLoss whether each patch's pixels are to be given back less their mean and over their standard deviation
     */
    public record Config(
            int imgSize,
            int patchSize,
            int inChans,
            int embedDim,
            int depth,
            int numHeads,
            double mlpRatio,
            int decoderEmbedDim,
            int decoderDepth,
            int decoderNumHeads,
            double maskRatio,
            boolean normPixLoss,
            @Nullable Method method)
            implements ImageConfig {

        @Override
        public Config with(Overrides o) {
            Config c = new Config(
                    o.positive("img_size", imgSize),
                    o.positive("patch_size", patchSize),
                    o.positive("in_chans", inChans),
                    o.positive("embed_dim", embedDim),
                    o.positive("depth", depth),
                    o.positive("num_heads", numHeads),
                    o.number("mlp_ratio", mlpRatio),
                    o.positive("decoder_embed_dim", decoderEmbedDim),
                    o.positive("decoder_depth", decoderDepth),
                    o.positive("decoder_num_heads", decoderNumHeads),
                    o.number("mask_ratio", maskRatio),
                    o.flag("norm_pix_loss", normPixLoss),
                    o.optionalChoice("method", method, Method.class));
            o.refuseOthers();
            PatchEmbed.requireWholePatches(c.imgSize, c.patchSize);
            requireWidth("", c.embedDim, c.numHeads);
            requireWidth("decoder_", c.decoderEmbedDim, c.decoderNumHeads);
            if ((int) (Math.min(c.embedDim, c.decoderEmbedDim) * c.mlpRatio) < 1) {
                throw new UserError("mlp_ratio " + c.mlpRatio
                        + " leaves an MLP without a hidden unit: it must be positive, usually 4.");
            }
            if (c.visible() < 1 || c.visible() >= c.patches()) {
                throw new UserError("mask_ratio " + c.maskRatio + " hides "
                        + (c.visible() < 1 ? "every one" : "none") + " of the " + c.patches()
                        + " patches of an image of " + c.imgSize + " pixels a side: there must be some to see and some"
                        + " to guess.\nTake one nearer to 0.75, or a smaller patch_size than " + c.patchSize + ".");
            }
            return c;
        }

        private static void requireWidth(String half, int dim, int heads) {
            Attention.requireEqualHeads(half + "embed_dim", dim, half + "num_heads", heads);
            if (dim % 4 != 0) {
                throw new UserError(half + "embed_dim " + dim
                        + " is not a multiple of 4, so that sines and cosines of rows and columns do not fill it: take "
                        + 4 * Math.ceilDiv(dim, 4) + ", or another that num_heads divides.");
            }
        }

        @Override
        public Model create(NormSpec spec, Parameters parameters) {
            Method.requireNoNorm(method, spec);
            return new MaskedAutoencoder(this, spec, parameters);
        }

        @Override
        public int heads() {
            return numHeads;
        }

        /**
         * By block and token as {@link VisionTransformer.Config#activationCount} counts, the encoder's tokens being the visible ones alone;
         * beside them the patches, their prediction and what the loss makes of both.
         */
        @Override
        public long activationCount() {
            return 6L * inChans * imgSize * imgSize
                    + activations(encoder(), 1 + visible())
                    + activations(decoder(), 1 + patches());
        }

        private static long activations(VisionTransformer.Config half, long tokens) {
            return tokens * (half.depth() * (14L * half.embedDim() + 2L * half.hidden()) + 2L * half.hidden());
        }

        @Override
        public int numClasses() {
            return 0;
        }

        /** N, the patches of an image. */
        public int patches() {
            return (imgSize / patchSize) * (imgSize / patchSize);
        }

        /** How many patches the encoder sees, cut down as the authors do. */
        int visible() {
            return (int) (patches() * (1 - maskRatio));
        }

        private VisionTransformer.Config encoder() {
            return half(embedDim, depth, numHeads);
        }

        private VisionTransformer.Config decoder() {
            return half(decoderEmbedDim, decoderDepth, decoderNumHeads);
        }

        private VisionTransformer.Config half(int dim, int blocks, int heads) {
            return new VisionTransformer.Config(
                    imgSize,
                    patchSize,
                    inChans,
                    1,
                    VisionTransformer.Pool.TOKEN,
                    dim,
                    blocks,
                    heads,
                    mlpRatio,
                    0,
                    method);
        }
    }
    /** The published sizes, at 224 pixels, with the names of the authors' code. */
    static SequencedMap<String, Config> sizes() {
        SequencedMap<String, Config> sizes = new LinkedHashMap<>();
        sizes.put("mae_vit_base_patch16", new Config(224, 16, 3, 768, 12, 12, 4, 512, 8, 16, 0.75, false, null));
        sizes.put("mae_vit_large_patch16", new Config(224, 16, 3, 1024, 24, 16, 4, 512, 8, 16, 0.75, false, null));
        sizes.put("mae_vit_huge_patch14", new Config(224, 14, 3, 1280, 32, 16, 4, 512, 8, 16, 0.75, false, null));
        return sizes;
    }

    /**
     * What the decoder made of images of which it saw a part.
     *
     * @param prediction (B, N, P²·C), each patch's pixels row by row, channels last
     * @param target the same of the images themselves, normalised by patch if the model is trained for that
     * @param mask (B, N), 1 where a patch was hidden and 0 where it was seen
     */
    public record Reconstruction(Tensor prediction, Tensor target, Tensor mask) {
        /** mean((prediction − target)²) over the pixels of the hidden patches alone (He et al. 2021, section 3, "Reconstruction target"). */
        public Tensor loss() {
            return perImage().mean();
        }

        /** The same of each image: (B). Every image has as many hidden patches, so its mean is the loss. */
        public Tensor perImage() {
            Tensor patches = prediction.sub(target).square().mean(-1); // (B, N)
            return patches.mul(mask).sum(1).div(mask.sum(1));
        }
    }

    private final Config config;
    private final Parameters parameters;
    private final Norms norms;
    private final Tensor clsToken;
    private final Tensor posEmbed;
    private final Tensor maskToken;
    private final Tensor decoderPosEmbed;
    private final PatchEmbed patchEmbed;
    private final List<VisionTransformer.Block> blocks;
    private final Norm norm;
    private final Linear decoderEmbed;
    private final List<VisionTransformer.Block> decoderBlocks;
    private final Norm decoderNorm;
    private final Linear decoderPred;

    MaskedAutoencoder(Config c, NormSpec spec, Parameters root) {
        config = c;
        parameters = root;
        norms = new Norms(spec);
        try (var _ = new Scope()) {
            Parameters p = parameters;
            int side = c.imgSize / c.patchSize;
            clsToken = p.parameter("cls_token", Init.normal(0.02, 1, 1, c.embedDim));
            posEmbed = p.buffer("pos_embed", SinCos.grid(c.embedDim, side, 1));
            maskToken = p.parameter("mask_token", Init.normal(0.02, 1, 1, c.decoderEmbedDim));
            decoderPosEmbed = p.buffer("decoder_pos_embed", SinCos.grid(c.decoderEmbedDim, side, 1));
            Layers encoder = c.encoder().layers();
            Layers decoder = c.decoder().layers();
            patchEmbed = encoder.patchEmbed(p.child("patch_embed"), c.patchSize, c.inChans, c.embedDim);
            blocks = blocks(p.child("blocks"), norms, c.encoder());
            norm = norms.at(Site.FINAL, p.child("norm"), c.embedDim, Layout.LAST, true);
            decoderEmbed = decoder.linear(p.child("decoder_embed"), c.embedDim, c.decoderEmbedDim);
            decoderBlocks = blocks(p.child("decoder_blocks"), norms, c.decoder());
            decoderNorm = norms.at(Site.FINAL, p.child("decoder_norm"), c.decoderEmbedDim, Layout.LAST, true);
            decoderPred =
                    decoder.head(p.child("decoder_pred"), c.decoderEmbedDim, c.patchSize * c.patchSize * c.inChans);
            Init.xavierUniform(p, encoder);
        }
    }

    private static List<VisionTransformer.Block> blocks(Parameters p, Norms norms, VisionTransformer.Config half) {
        List<VisionTransformer.Block> blocks = new ArrayList<>();
        for (int i = 0; i < half.depth(); i++) {
            blocks.add(new VisionTransformer.Block(p.child(i), norms, half, 0));
        }
        return blocks;
    }

    /** The encoder's output for whole images, nothing hidden: (B, 1 + N, E), the class token first. */
    @Override
    public Tensor forward(Tensor x) { // (B, C, H, W)
        return encode(patchEmbed.embed(patchEmbed.patches(x)).add(posEmbed.narrow(1, 1, config.patches())));
    }

    private Tensor encode(Tensor x) { // (B, n, E): patches with their positions
        Tensor cls = clsToken.add(posEmbed.narrow(1, 0, 1)).expand(x.size(0), 1, config.embedDim);
        x = torch.cat(new TensorVector(cls, x), 1); // (B, 1 + n, E)
        for (VisionTransformer.Block block : blocks) {
            x = block.forward(x);
        }
        return norm.forward(x);
    }

    /** {@link #reconstruct(Tensor, Tensor)} with noise from libtorch's generator. */
    public Reconstruction reconstruct(Tensor x) {
        return reconstruct(x, torch.rand(x.size(0), config.patches()));
    }

    /**
     * Hides patches and has them guessed (He et al. 2021, section 3).
     *
     * @param x images (B, C, H, W)
     * @param noise (B, N): the {@link Config#maskRatio} of an image's patches that have the greatest values are hidden
     */
    public Reconstruction reconstruct(Tensor x, Tensor noise) {
        long b = x.size(0);
        int n = config.patches();
        int seen = config.visible();
        Tensor order = noise.argsort(1, false); // (B, N): the patches that are seen, then those that are hidden
        Tensor rank = order.argsort(1, false); // (B, N): where in that order each patch stands
        Tensor keep = order.narrow(1, 0, seen).unsqueeze(-1); // (B, K, 1)

        // Pixels and positions need no gradient: chosen before the product, they spare the backward of the choice, and
        // the product three quarters of its rows.
        Tensor patches = patchEmbed.patches(x); // (B, N, C·P²)
        Tensor positions =
                posEmbed.narrow(1, 1, n).expand(b, n, config.embedDim).gather(1, wide(keep, posEmbed));
        Tensor latent =
                encode(patchEmbed.embed(patches.gather(1, wide(keep, patches))).add(positions)); // (B, 1 + K, E)

        Tensor y = decoderEmbed.forward(latent); // (B, 1 + K, D)
        Tensor token = maskToken.expand(b, 1, config.decoderEmbedDim);
        y = torch.cat(new TensorVector(y, token), 1); // (B, 1 + K + 1, D)
        // Each place takes the row of its own: the class token's, its patch's, or the one mask token's.
        Tensor rows = torch.constant_pad_nd(rank.clamp_max(new Scalar(seen)).add(new Scalar(1)), 1, 0); // (B, 1 + N)
        y = y.gather(1, wide(rows.unsqueeze(-1), y)).add(decoderPosEmbed); // (B, 1 + N, D)
        for (VisionTransformer.Block block : decoderBlocks) {
            y = block.forward(y);
        }
        Tensor prediction = decoderPred.forward(decoderNorm.forward(y)).narrow(1, 1, n); // (B, N, P²·C)
        Tensor mask = rank.ge(new Scalar(seen)).to(torch.ScalarType.Float); // (B, N)
        return new Reconstruction(prediction, target(channelsLast(patches)), mask);
    }

    /** An index of one column for every column of x. */
    private static Tensor wide(Tensor index, Tensor x) { // (B, n, 1)
        return index.expand(index.size(0), index.size(1), x.size(2));
    }

    private Tensor target(Tensor pixels) { // (B, N, P²·C)
        return config.normPixLoss ? pixels.sub(mean(pixels)).div(std(pixels)) : pixels;
    }

    private static Tensor mean(Tensor pixels) {
        return pixels.mean(new long[] {-1}, true, new ScalarTypeOptional()); // (B, N, 1)
    }

    /** √(variance + 1e-6), the variance with Bessel's correction, as in the authors' code. */
    private static Tensor std(Tensor pixels) {
        return pixels.var(new long[] {-1}, true, true).add(new Scalar(1e-6)).sqrt(); // (B, N, 1)
    }

    private Tensor channelsLast(Tensor patches) { // (B, N, C·P²)
        long b = patches.size(0);
        long n = patches.size(1);
        return patches.view(b, n, config.inChans, -1).transpose(2, 3).reshape(b, n, -1); // (B, N, P²·C)
    }

    /**
     * Images of what was guessed, with what was seen in its place: (B, C, H, W). Where the model guesses normalised pixels, each patch gets
     * back the mean and the standard deviation of the true one, which the model was not told.
     *
     * @param x the images that were given to {@link #reconstruct}
     */
    public Tensor picture(Tensor x, Reconstruction r) {
        Tensor pixels = channelsLast(patchEmbed.patches(x)); // (B, N, P²·C)
        Tensor guessed = config.normPixLoss ? r.prediction.mul(std(pixels)).add(mean(pixels)) : r.prediction;
        return image(torch.where(hidden(r), guessed, pixels));
    }

    /** The images as the encoder saw them, hidden patches 0: (B, C, H, W). */
    public Tensor masked(Tensor x, Reconstruction r) {
        return image(channelsLast(patchEmbed.patches(x)).masked_fill(hidden(r), new Scalar(0)));
    }

    private static Tensor hidden(Reconstruction r) {
        return r.mask.gt(new Scalar(0.5)).unsqueeze(-1); // (B, N, 1)
    }

    private Tensor image(Tensor pixels) { // (B, N, P²·C)
        long b = pixels.size(0);
        int p = config.patchSize;
        int side = config.imgSize / p;
        return pixels.view(b, side, side, p, p, config.inChans)
                .permute(0, 5, 1, 3, 2, 4)
                .reshape(b, config.inChans, config.imgSize, config.imgSize); // (B, C, H, W)
    }

    @Override
    public List<String> ruleNotes() {
        return Stream.of(config.encoder(), config.decoder())
                .flatMap(half -> half.layers().notes().stream())
                .distinct()
                .toList();
    }

    /** All but the encoder's last norm, whose output is the model's own. */
    @Override
    public List<Fold> folds() {
        return Stream.concat(
                        Stream.concat(blocks.stream(), decoderBlocks.stream()).flatMap(VisionTransformer.Block::folds),
                        Stream.of(new Fold(decoderNorm, decoderPred)))
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
