package io.github.dyt4j.models;

import static java.lang.ref.Reference.reachabilityFence;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Affine;
import io.github.dyt4j.torch.Gelu;
import io.github.dyt4j.torch.Layout;
import io.github.dyt4j.torch.Norm;
import io.github.dyt4j.torch.NormFunction;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Norms;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Site;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Diffusion Transformer (Peebles and Xie 2022, "Scalable diffusion models with transformers"): of a noised image, its timestep and its
 * class, the noise in it and how its variance lies between the least and the most (Nichol and Dhariwal 2021, eq. 15). adaLN-Zero blocks, the
 * authors' parameter names. Norm slots: two a block and one before the last layer, 25 for B, 49 for L, 57 for XL, none with γ or β, since the
 * modulation supplies both: Dynamic Tanh is α alone here.
 *
 * <p>The start: Xavier's uniform for every product, and 0 for the modulations and the last layer, so that each block begins as the
 * identity. The paper leaves the zeros away where the norm is Dynamic Tanh (Zhu et al. 2025, appendix A); here, where it is pointwise.
 */
public final class DiffusionTransformer implements Model {
    /** Width of the sinusoidal embedding of a timestep. */
    private static final int FREQUENCIES = 256;

    private static final double MAX_PERIOD = 10_000;

    /**
     * A size.
     *
     * @param imgSize height and width of the input, which is a latent in the paper, a multiple of {@code patchSize}
     * @param embedDim a multiple of 4, for the positions
     * @param classDropoutProb how often training leaves the class away; above 0 there is an embedding for no class, after those of the classes
     * @param learnSigma whether the output has a variance beside the noise: twice {@code inChans} channels
     * @param zeroInit null: where the norm goes by rows
     */
    public record Config(
            int imgSize,
            int patchSize,
            int inChans,
            int numClasses,
            int embedDim,
            int depth,
            int numHeads,
            double mlpRatio,
            double classDropoutProb,
            boolean learnSigma,
            @Nullable Boolean zeroInit)
            implements ImageConfig {

        @Override
        public Config with(Overrides o) {
            Config c = new Config(
                    o.positive("img_size", imgSize),
                    o.positive("patch_size", patchSize),
                    o.positive("in_chans", inChans),
                    o.positive("num_classes", numClasses),
                    o.positive("embed_dim", embedDim),
                    o.positive("depth", depth),
                    o.positive("num_heads", numHeads),
                    o.number("mlp_ratio", mlpRatio),
                    o.number("class_dropout_prob", classDropoutProb),
                    o.flag("learn_sigma", learnSigma),
                    o.optionalFlag("zero_init", zeroInit));
            o.refuseOthers();
            PatchEmbed.requireWholePatches(c.imgSize, c.patchSize);
            Attention.requireEqualHeads("embed_dim", c.embedDim, "num_heads", c.numHeads);
            if (c.embedDim % 4 != 0) {
                throw new UserError("embed_dim " + c.embedDim
                        + " is not a multiple of 4: the positions need sine and cosine of row and column.");
            }
            if (c.hidden() < 1) {
                throw new UserError("mlp_ratio " + c.mlpRatio
                        + " leaves the MLP without a hidden unit: it must be positive, usually 4.");
            }
            if (!(c.classDropoutProb >= 0 && c.classDropoutProb <= 1)) {
                throw new UserError("class_dropout_prob " + c.classDropoutProb + " is not in [0, 1].");
            }
            return c;
        }

        @Override
        public Model create(NormSpec spec, Parameters parameters) {
            return new DiffusionTransformer(this, spec, parameters);
        }

        @Override
        public int heads() {
            return numHeads;
        }

        /** As a ViT's block, and by token the two modulated vectors of width E. */
        @Override
        public long activationCount() {
            long block = 16L * embedDim + 2L * hidden();
            return (long) inChans * imgSize * imgSize + patches() * (depth * block + 2L * hidden());
        }

        int patches() {
            return (imgSize / patchSize) * (imgSize / patchSize);
        }

        int hidden() {
            return (int) (embedDim * mlpRatio);
        }

        /** Channels of the output. */
        public int outChans() {
            return learnSigma ? 2 * inChans : inChans;
        }

        /** Whether it can go without a class, which guidance needs. */
        public boolean hasNullClass() {
            return classDropoutProb > 0;
        }

        private boolean zeroInit(NormSpec spec) {
            return zeroInit == null ? spec.function().squash() == null : zeroInit;
        }
    }

    /** The published sizes, as {@code dit_xl_2}: for the latents (4, 32, 32) of images of 256 pixels, 1000 classes. */
    static SequencedMap<String, Config> sizes() {
        SequencedMap<String, Config> sizes = new LinkedHashMap<>();
        for (int patch : new int[] {2, 4, 8}) {
            sizes.put("dit_s_" + patch, size(patch, 384, 12, 6));
            sizes.put("dit_b_" + patch, size(patch, 768, 12, 12));
            sizes.put("dit_l_" + patch, size(patch, 1024, 24, 16));
            sizes.put("dit_xl_" + patch, size(patch, 1152, 28, 16));
        }
        return sizes;
    }

    private static Config size(int patch, int embedDim, int depth, int numHeads) {
        return new Config(32, patch, 4, 1000, embedDim, depth, numHeads, 4, 0.1, true, null);
    }

    /** Shift and scale of one modulated norm, (B, 1, E) each. */
    private record Modulation(Tensor shift, Tensor scale) {
        /** (1 + scale)·x + shift in one pass over memory. */
        Tensor of(Tensor x) { // (B, N, E)
            return torch.addcmul(shift, x, scale.add(new Scalar(1)));
        }
    }

    /** Σ of two embeddings (B, E): of the timestep, an MLP on 256 cosines and sines; of the class, a table's row. */
    private static final class Conditioning {
        private final Linear mlp0;
        private final Linear mlp2;
        private final Tensor table;

        Conditioning(Parameters p, Config c) {
            Parameters mlp = p.child("t_embedder").child("mlp");
            mlp0 = new Linear(mlp.child(0), FREQUENCIES, c.embedDim);
            mlp2 = new Linear(mlp.child(2), c.embedDim, c.embedDim);
            int rows = c.numClasses + (c.hasNullClass() ? 1 : 0);
            table = p.child("y_embedder")
                    .child("embedding_table")
                    .parameter("weight", Init.normal(0.02, rows, c.embedDim));
        }

        Tensor forward(Tensor t, Tensor y) { // (B), (B)
            return mlp2.forward(torch.silu(mlp0.forward(waves(t)))).add(torch.embedding(table, y)); // (B, E)
        }

        /** [cos(t·ω), sin(t·ω)], ω_i = 10000^(−i/128): in f64, since t·ω goes up to 999. */
        private static Tensor waves(Tensor t) { // (B)
            int half = FREQUENCIES / 2;
            Tensor omega = torch.arange(new Scalar(half), new TensorOptions(ScalarType.Double))
                    .mul_(new Scalar(-Math.log(MAX_PERIOD) / half))
                    .exp_();
            Tensor angle = torch.outer(t.to(ScalarType.Double), omega); // (B, 128)
            return torch.cat(new TensorVector(angle.cos(), angle.sin()), 1).to(ScalarType.Float); // (B, 256)
        }
    }

    /** adaLN-Zero block: x + gate·attention(modulated norm1(x)), then the same with the MLP (Peebles and Xie 2022, figure 3). */
    static final class Block {
        private final Norm norm1;
        private final Attention attention;
        private final Norm norm2;
        private final Mlp mlp;
        private final Linear modulation;

        Block(Parameters p, Norms norms, Config c, boolean zeroInit) {
            int e = c.embedDim;
            norm1 = norms.at(Site.ATTENTION, p.child("norm1"), e, Layout.LAST, Affine.NONE);
            Parameters attn = p.child("attn");
            attention = new Attention(
                    Linear.xavier(attn.child("qkv"), e, 3 * e), Linear.xavier(attn.child("proj"), e, e), e, c.numHeads);
            norm2 = norms.at(Site.MLP, p.child("norm2"), e, Layout.LAST, Affine.NONE);
            Parameters m = p.child("mlp");
            mlp = new Mlp(
                    Linear.xavier(m.child("fc1"), e, c.hidden()),
                    Linear.xavier(m.child("fc2"), c.hidden(), e),
                    Gelu::tanh);
            modulation = modulation(p, e, 6, zeroInit);
        }

        /** @param c SiLU of the conditioning, (B, E) */
        Tensor forward(Tensor x, Tensor c) { // (B, N, E)
            TensorVector m = modulation.forward(c).unsqueeze(1).chunk(6, -1); // 6 × (B, 1, E)
            try {
                Modulation attended = new Modulation(m.get(0), m.get(1));
                x = torch.addcmul(x, attention.forward(attended.of(norm1.forward(x))), m.get(2));
                Modulation fed = new Modulation(m.get(3), m.get(4));
                return torch.addcmul(x, mlp.forward(fed.of(norm2.forward(x))), m.get(5));
            } finally {
                reachabilityFence(m); // its elements are references into it
            }
        }
    }

    /** linear(modulated norm(x)): the values of each patch. */
    private static final class FinalLayer {
        private final Norm norm;
        private final Linear linear;
        private final Linear modulation;

        FinalLayer(Parameters p, Norms norms, Config c, boolean zeroInit) {
            int e = c.embedDim;
            norm = norms.at(Site.FINAL, p.child("norm_final"), e, Layout.LAST, Affine.NONE);
            int values = c.patchSize * c.patchSize * c.outChans();
            linear = zeroInit ? Linear.zero(p.child("linear"), e, values) : Linear.xavier(p.child("linear"), e, values);
            modulation = modulation(p, e, 2, zeroInit);
        }

        Tensor forward(Tensor x, Tensor c) { // (B, N, E)
            TensorVector m = modulation.forward(c).unsqueeze(1).chunk(2, -1); // 2 × (B, 1, E)
            try {
                return linear.forward(new Modulation(m.get(0), m.get(1)).of(norm.forward(x))); // (B, N, P·P·C)
            } finally {
                reachabilityFence(m);
            }
        }
    }

    private static Linear modulation(Parameters p, int embedDim, int parts, boolean zeroInit) {
        Parameters m = p.child("adaLN_modulation").child(1); // 0 is SiLU
        return zeroInit ? Linear.zero(m, embedDim, parts * embedDim) : Linear.xavier(m, embedDim, parts * embedDim);
    }

    private final Config config;
    private final Parameters parameters;
    private final Norms norms;
    private final Tensor posEmbed;
    private final PatchEmbed xEmbedder;
    private final Conditioning conditioning;
    private final List<Block> blocks = new ArrayList<>();
    private final FinalLayer finalLayer;

    DiffusionTransformer(Config c, NormSpec spec, Parameters root) {
        config = c;
        parameters = root;
        norms = new Norms(spec);
        boolean zeroInit = c.zeroInit(spec);
        try (var _ = new Scope()) {
            Parameters p = parameters;
            posEmbed = p.buffer("pos_embed", SinCos.grid(c.embedDim, c.imgSize / c.patchSize, 0));
            xEmbedder = PatchEmbed.xavier(p.child("x_embedder"), c.patchSize, c.inChans, c.embedDim);
            conditioning = new Conditioning(p, c);
            for (int i = 0; i < c.depth; i++) {
                blocks.add(new Block(p.child("blocks").child(i), norms, c, zeroInit));
            }
            finalLayer = new FinalLayer(p.child("final_layer"), norms, c, zeroInit);
        }
    }

    /**
     * The noise in x, and with {@code learnSigma} the variance's place v after it, in (−1, 1) for what lies between the bounds.
     *
     * @param x (B, C, H, W) f32, noised to t
     * @param t (B) i64, timesteps of 0 to 999
     * @param y (B) i64, classes; {@link #nullClass} for none
     * @return (B, C or 2C, H, W)
     */
    public Tensor forward(Tensor x, Tensor t, Tensor y) {
        Tensor c = torch.silu(conditioning.forward(t, y)); // (B, E)
        Tensor tokens = xEmbedder.forward(x).add(posEmbed); // (B, N, E)
        for (Block block : blocks) {
            tokens = block.forward(tokens, c);
        }
        return image(finalLayer.forward(tokens, c));
    }

    /** At timestep 0, of no class, or of the first where the model knows no other way. */
    @Override
    public Tensor forward(Tensor x) { // (B, C, H, W)
        long b = x.size(0);
        Tensor t = torch.zeros(new long[] {b}, new TensorOptions(ScalarType.Long));
        Tensor y = config.hasNullClass() ? torch.full_like(t, new Scalar(config.numClasses)) : t;
        return forward(x, t, y);
    }

    private Tensor image(Tensor values) { // (B, N, P·P·C)
        long b = values.size(0);
        long side = config.imgSize / config.patchSize;
        long p = config.patchSize;
        long c = config.outChans();
        return values.view(b, side, side, p, p, c)
                .permute(0, 5, 1, 3, 2, 4)
                .reshape(b, c, side * p, side * p); // (B, C, H, W)
    }

    /** The label that stands for no class, one above the classes. */
    public int nullClass() {
        if (!config.hasNullClass()) {
            throw new IllegalStateException(
                    "trained with class_dropout_prob 0, the model has no embedding for no class");
        }
        return config.numClasses;
    }

    @Override
    public List<String> ruleNotes() {
        NormFunction function = norms.spec().function();
        return config.zeroInit != null || function.squash() == null
                ? List.of()
                : List.of("modulations and last layer start as Xavier's and not at 0 (the paper's rule for "
                        + "Dynamic Tanh; zero_init=true starts them at 0)");
    }

    /** None: between a norm and the layer that reads it stands the modulation, and a norm here has nothing to move. */
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
