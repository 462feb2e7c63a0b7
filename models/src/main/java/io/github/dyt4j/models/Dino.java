package io.github.dyt4j.models;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Grad;
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
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/**
 * DINO (Caron et al. 2021, "Emerging properties in self-supervised vision transformers"): a student and a teacher of the same shape, each a
 * Vision Transformer whose class token goes into a {@link DinoHead}. The student is trained to say of any crop of an image what the teacher
 * says of its two large ones ({@link DinoLoss}); the teacher is a moving average of the student, kept as buffers, and never sees a gradient.
 *
 * <p>What comes of it is the teacher's backbone: {@link #forward} gives its features. {@link #norms} are the student's slots, 2·depth + 1 of
 * them, so 25 for base; the teacher's norms are as many, start as the student's, and follow them. The backbones' parameters bear timm's names below
 * {@code student.backbone} and {@code teacher.backbone}.
 */
public final class Dino implements Model {
    /**
     * A size.
     *
     * @param vit the backbone, without its classifier; stochastic depth is the student's alone
     * @param outDim K, outputs of the head
     * @param headHiddenDim width of the head's two hidden layers
     * @param bottleneckDim width before the head's last layer
     * @param normLastLayer whether the last layer's rows keep length 1
     */
    public record Config(
            VisionTransformer.Config vit, int outDim, int headHiddenDim, int bottleneckDim, boolean normLastLayer)
            implements ImageConfig {
        @Override
        public Config with(Overrides o) {
            int outputs = o.positive("out_dim", outDim);
            int hidden = o.positive("head_hidden_dim", headHiddenDim);
            int bottleneck = o.positive("bottleneck_dim", bottleneckDim);
            boolean normed = o.flag("norm_last_layer", normLastLayer);
            // Last, since it refuses whatever nobody has asked for.
            Config c = new Config(vit.with(o), outputs, hidden, bottleneck, normed);
            if (c.outDim < 2) {
                throw new UserError("out_dim " + c.outDim
                        + " leaves the teacher nothing to choose between: it must be at least 2, usually 65536.");
            }
            if (c.vit.method() != null) {
                throw new UserError("method " + c.vit.method().key()
                        + " is not for DINO: in the paper it is for vit_* and mae_* models.\nLeave method away.");
            }
            if (c.vit.globalPool() != VisionTransformer.Pool.TOKEN) {
                throw new UserError(
                        "global_pool avg is not for DINO: its head reads the class token.\nLeave global_pool away.");
            }
            return c;
        }

        @Override
        public Model create(NormSpec spec, Parameters parameters) {
            return new Dino(this, spec, parameters);
        }

        @Override
        public int imgSize() {
            return vit.imgSize();
        }

        @Override
        public int inChans() {
            return vit.inChans();
        }

        @Override
        public int numClasses() {
            return 0;
        }

        @Override
        public int heads() {
            return vit.heads();
        }

        /** Of one crop of the full size through the student; the teacher keeps nothing. */
        @Override
        public long activationCount() {
            return vit.activationCount() + 4L * headHiddenDim + 3L * bottleneckDim + 3L * outDim;
        }

        /** The same for all crops of an image, {@code locals} of them with sides of {@code localSize} pixels beside the two full ones. */
        public long activationCount(int locals, int localSize) {
            long tokens = 1 + vit.patches();
            long localTokens = 1 + (long) (localSize / vit.patchSize()) * (localSize / vit.patchSize());
            return 2 * activationCount() + locals * Math.ceilDiv(activationCount() * localTokens, tokens);
        }

        public int patchSize() {
            return vit.patchSize();
        }
    }

    /** The authors' sizes: K = 65536, hidden 2048, bottleneck 256, stochastic depth 0.1, the last layer's rows of length 1. */
    static SequencedMap<String, Config> sizes() {
        SequencedMap<String, Config> sizes = new LinkedHashMap<>();
        for (String width : List.of("tiny", "small", "base")) {
            for (int patch : new int[] {8, 16}) {
                String vit = "vit_" + width + "_patch" + patch;
                VisionTransformer.Config c =
                        Objects.requireNonNull(VisionTransformer.sizes().get(vit + "_224"));
                sizes.put(
                        "dino_" + vit,
                        new Config(c.with(new Overrides(vit, Map.of("drop_path_rate", 0.1))), 65536, 2048, 256, true));
            }
        }
        return sizes;
    }

    /** A Vision Transformer up to its last norm; of the tokens it gives the class token. */
    private static final class Backbone {
        private final VisionTransformer.Config config;
        private final Tensor clsToken;
        private final Tensor posEmbed;
        private final PatchEmbed patchEmbed;
        private final List<VisionTransformer.Block> blocks = new ArrayList<>();
        private final Norm norm;

        Backbone(Parameters p, Norms norms, VisionTransformer.Config c, double dropPathRate) {
            config = c;
            clsToken = p.parameter("cls_token", Init.normal(0.02, 1, 1, c.embedDim()));
            posEmbed = p.parameter("pos_embed", Init.normal(0.02, 1, 1 + c.patches(), c.embedDim()));
            patchEmbed = new PatchEmbed(p.child("patch_embed"), c.patchSize(), c.inChans(), c.embedDim());
            for (int i = 0; i < c.depth(); i++) {
                double rate = DropPath.atBlock(dropPathRate, i, c.depth());
                blocks.add(new VisionTransformer.Block(p.child("blocks").child(i), norms, c, rate));
            }
            norm = norms.at(Site.FINAL, p.child("norm"), c.embedDim(), Layout.LAST, true);
        }

        Tensor forward(Tensor x) { // (B, C, H, W), H and W any multiples of the patch
            x = tokens(x); // (B, 1 + N, E)
            for (VisionTransformer.Block block : blocks) {
                x = block.forward(x);
            }
            return norm.forward(x.select(1, 0)); // (B, E): norms go token by token
        }

        private Tensor tokens(Tensor x) { // (B, C, H, W)
            long rows = x.size(2) / config.patchSize();
            long columns = x.size(3) / config.patchSize();
            Tensor cls = clsToken.expand(x.size(0), 1, config.embedDim());
            return torch.cat(new TensorVector(cls, patchEmbed.forward(x)), 1)
                    .add(positions(rows, columns)); // (B, 1 + N, E)
        }

        /**
         * Position embeddings for a grid of another size: bicubic (a = −3/4), at the scale (n + 0.1)/side by which the authors guard the
         * rounding of n.
         */
        private Tensor positions(long rows, long columns) {
            long side = config.imgSize() / config.patchSize();
            if (rows == side && columns == side) {
                return posEmbed;
            }
            Tensor grid = posEmbed.narrow(1, 1, side * side)
                    .view(1, side, side, config.embedDim())
                    .permute(0, 3, 1, 2); // (1, E, side, side)
            grid = torch.upsample_bicubic2d(
                    grid,
                    new long[] {rows, columns},
                    false,
                    new DoubleOptional((rows + 0.1) / side),
                    new DoubleOptional((columns + 0.1) / side)); // (1, E, rows, columns)
            grid = grid.flatten(2, 3).transpose(1, 2); // (1, N, E)
            return torch.cat(new TensorVector(posEmbed.narrow(1, 0, 1), grid), 1); // (1, 1 + N, E)
        }

        /** The last block's softmax(q·kᵀ/√d) from the class token to every patch. */
        Tensor attention(Tensor x) { // (B, C, H, W)
            x = tokens(x);
            for (VisionTransformer.Block block : blocks.subList(0, blocks.size() - 1)) {
                x = block.forward(x);
            }
            // The first norm of a block and the one layer that reads it, which makes q, k and v side by side.
            Fold first = blocks.getLast().folds().findFirst().orElseThrow();
            Tensor qkv = first.readers().getFirst().forward(first.norm().forward(x)); // (B, 1 + N, 3·E)
            long b = qkv.size(0);
            long n = qkv.size(1);
            long heads = config.numHeads();
            long headDim = config.embedDim() / heads;
            qkv = qkv.view(b, n, 3, heads, headDim).permute(2, 0, 3, 1, 4); // (3, B, H, 1 + N, d)
            Tensor q = qkv.select(0, 0).narrow(2, 0, 1); // (B, H, 1, d)
            Tensor k = qkv.select(0, 1); // (B, H, 1 + N, d)
            Tensor scores = q.matmul(k.transpose(2, 3)).mul(new Scalar(1 / Math.sqrt(headDim))); // (B, H, 1, 1 + N)
            return scores.softmax(-1).select(2, 0).narrow(2, 1, n - 1); // (B, H, N)
        }

        Stream<Fold> folds() {
            return blocks.stream().flatMap(VisionTransformer.Block::folds);
        }
    }

    private static final String STUDENT = "student.";
    private static final String TEACHER = "teacher.";

    private final Config config;
    private final Parameters parameters;
    private final Norms norms;
    private final Backbone student;
    private final DinoHead studentHead;
    private final Backbone teacher;
    private final DinoHead teacherHead;
    private final Tensor center;

    Dino(Config c, NormSpec spec, Parameters root) {
        config = c;
        parameters = root;
        norms = new Norms(spec);
        try (var _ = new Scope()) {
            Parameters p = root.child("student");
            student = new Backbone(p.child("backbone"), norms, c.vit, c.vit.dropPathRate());
            studentHead = new DinoHead(p.child("head"), c.vit.embedDim(), c);
            Parameters frozen = root.child("teacher").frozen();
            teacher = new Backbone(frozen.child("backbone"), new Norms(spec), c.vit, 0);
            teacherHead = new DinoHead(frozen.child("head"), c.vit.embedDim(), c);
            center = root.buffer("center", Tensors.full(0, 1, c.outDim));
        }
        if (root.training()) { // else the tensors are somebody's own, and the teacher is among them
            moveTeacher(0);
        }
    }

    /**
     * The teacher's features (B, E), what the network is trained for. The pass that calibrates goes through the student, and the teacher takes over
     * what it set.
     */
    @Override
    public Tensor forward(Tensor x) { // (B, C, H, W)
        return norms.calibrating() ? studentFeatures(x) : teacher.forward(x);
    }

    /** The student's features (B, E) of one crop: what calibration and whoever watches {@link #norms} look at. */
    public Tensor studentFeatures(Tensor x) { // (B, C, H, W)
        Tensor features = student.forward(x);
        if (norms.calibrating()) {
            moveTeacher(0);
        }
        return features;
    }

    /** The student's logits of every crop, one after the other: (crops·B, K). Neighbours of the same size go through the backbone together. */
    public Tensor student(List<Tensor> crops) {
        return studentHead.forward(features(student, crops));
    }

    /** The teacher's logits likewise, without a graph: (crops·B, K). */
    public Tensor teacher(List<Tensor> crops) {
        try (var _ = Grad.off()) {
            return teacherHead.forward(features(teacher, crops));
        }
    }

    /** The teacher's logits (n, K) of its features (n, E). */
    public Tensor teacherLogits(Tensor features) {
        try (var _ = Grad.off()) {
            return teacherHead.forward(features);
        }
    }

    private static Tensor features(Backbone backbone, List<Tensor> crops) { // each (B, C, S, S), S its own
        List<Tensor> features = new ArrayList<>();
        int from = 0;
        while (from < crops.size()) {
            long size = crops.get(from).size(-1);
            int to = from + 1;
            while (to < crops.size() && crops.get(to).size(-1) == size) {
                to++;
            }
            features.add(backbone.forward(joined(crops.subList(from, to))));
            from = to;
        }
        return joined(features); // (crops·B, E)
    }

    private static Tensor joined(List<Tensor> parts) {
        return parts.size() == 1 ? parts.getFirst() : torch.cat(new TensorVector(parts.toArray(Tensor[]::new)), 0);
    }

    /** teacher ← m·teacher + (1 − m)·student, over all that the student has; 0 makes it the student's copy. */
    public void moveTeacher(double m) {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            Scalar weight = new Scalar(1 - m);
            parameters.state().forEach((name, t) -> {
                if (name.startsWith(TEACHER)) {
                    String twin = STUDENT + name.substring(TEACHER.length());
                    Tensor s = Objects.requireNonNull(parameters.state().get(twin), twin);
                    Tensor _ = m == 0 ? t.copy_(s) : t.lerp_(s, weight);
                }
            });
        }
    }

    /** c (1, K): what is subtracted from the teacher's logits. The model's own tensor. */
    public Tensor center() {
        return center;
    }

    /** c ← 0.9·c + 0.1·{@code mean} (Caron et al. 2021, equation 4), mean (1, K) of the teacher's logits of a step. */
    public void moveCenter(Tensor mean) {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            center.lerp_(mean, new Scalar(0.1));
        }
    }

    /**
     * What the class token of the teacher's last block attends to: (B, H, N), the share of each patch, by head, row by row. The rest of each head's sum
     * to 1 goes to the class token itself. No graph is recorded.
     */
    public Tensor attention(Tensor x) { // (B, C, H, W)
        try (var _ = Grad.off()) {
            return teacher.attention(x);
        }
    }

    /** The student's last layer by name, which stays as it is for the first steps of training. */
    public Stream<Tensor> lastLayer() {
        return parameters.trainable().entrySet().stream()
                .filter(e -> e.getKey().startsWith(STUDENT + "head.last_layer."))
                .map(Map.Entry::getValue);
    }

    /** The teacher's, since it is the network that is used; its last norm is its output. */
    @Override
    public List<Fold> folds() {
        return teacher.folds().toList();
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
