package io.github.dyt4j.models;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Affine;
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
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Caduceus (Schiff et al. 2024, "Caduceus: Bi-Directional Equivariant Long-Range DNA Sequence Modeling"): x ← x + mixer(norm(x)) with a
 * {@link BidirectionalMamba}, a last norm, and a head tied to the embedding; with the parameter names of its authors' code. It learns masked
 * bases. With {@code init=calibrated} an {@link EmbedScale} stands before the first block.
 *
 * <p>PS ({@code rcps}) shares its parameters between the strands: the authors' state has 2·E channels, E for each strand, the second half
 * reversed in length and channels. What is done to one half is done to the other, and no layer before the head mixes them; so here the strands
 * are two sequences of one batch, (2·B, L, E), each in its own direction, and nothing need be flipped inside. The head adds what both say of a
 * base: RC(x) in gives RC(logits) out. A classifier takes the mean of both strands, so RC(x) gives the logits of x.
 *
 * <p>Ph is not equivariant. It is meant to be trained on sequences of either strand, and as a classifier under evaluation gives the mean of its
 * logits of a sequence and of its reverse complement, unless {@link #bothStrands} says otherwise.
 *
 * <p>The authors' own fused add and norm exchanges the halves in every block (each then runs through the mixer reversed in length and channels):
 * equivariant too, but not what the paper writes, and not done here. A weight of theirs that was trained so computes something else here.
 */
public final class Caduceus implements Model {
    /** What it ends in. */
    enum Head {
        LM,
        CLASSES
    }

    /**
     * A size; names are those of the authors' configuration.
     *
     * @param expand channels of the mixer in units of dModel
     * @param rcps whether strands share the parameters (PS), else Ph
     * @param lMax the longest sequence
     * @param numClasses 0 for a language model
     */
    public record Config(
            int dModel, int nLayer, int dState, int dConv, int expand, boolean rcps, int lMax, int numClasses)
            implements DnaConfig {

        private static Config of(int dModel, int nLayer, boolean rcps, int lMax) {
            return new Config(dModel, nLayer, 16, 4, 2, rcps, lMax, 0);
        }

        @Override
        public Config with(Overrides o) {
            Head head = o.choice("head", numClasses == 0 ? Head.LM : Head.CLASSES, Head.class);
            int classes = o.positive("num_classes", numClasses);
            Config c = new Config(
                    o.positive("d_model", dModel),
                    o.positive("n_layer", nLayer),
                    o.positive("d_state", dState),
                    o.positive("d_conv", dConv),
                    o.positive("expand", expand),
                    o.flag("rcps", rcps),
                    o.positive("l_max", lMax),
                    classes);
            o.refuseOthers();
            if (head == Head.CLASSES && classes < 2) {
                throw new UserError("head: classes needs num_classes, at least 2: how many there are to tell apart.");
            }
            if (head == Head.LM && classes > 0) {
                throw new UserError("num_classes " + classes
                        + " is of a classifier, and the head is a language model's: say head: classes too.");
            }
            return c;
        }

        @Override
        public Caduceus create(NormSpec spec, Parameters parameters) {
            return new Caduceus(this, spec, parameters);
        }

        @Override
        public @Nullable String refusal(NormSpec norm) {
            return norm.function() == NormFunction.GROUPNORM
                    ? "its statistics go over all places of a sequence, so that what a base becomes would depend on how much padding follows"
                    : DnaConfig.super.refusal(norm);
        }

        @Override
        public boolean causal() {
            return false;
        }

        @Override
        public boolean equivariant() {
            return rcps;
        }

        @Override
        public int maxLength() {
            return lMax;
        }

        /** By block, strand and base: six vectors of the residual stream's width, nine of each direction's and five of both together; logits. */
        @Override
        public long activationCount() {
            long inner = (long) expand * dModel;
            long block = 6L * dModel + 2 * (9 * inner + 4L * dState) + 5 * inner;
            long strands = rcps ? 2 : 1;
            return lMax * strands * (nLayer * block + 4L * Bases.PADDED_VOCABULARY);
        }
    }

    /** Published sizes: those of 131,072 bases, and those that the paper fine-tunes on GenomicBenchmarks. */
    static SequencedMap<String, Config> sizes() {
        SequencedMap<String, Config> sizes = new LinkedHashMap<>();
        sizes.put("caduceus_ph_131k", Config.of(256, 16, false, 131_072));
        sizes.put("caduceus_ps_131k", Config.of(256, 16, true, 131_072));
        sizes.put("caduceus_ph_1k", Config.of(118, 4, false, 1024));
        sizes.put("caduceus_ps_1k", Config.of(118, 4, true, 1024));
        return sizes;
    }

    /** h = norm(x), x + mixer(h): the authors' add and norm with the sum written where it is made. */
    static final class Block {
        private final BidirectionalMamba mixer;
        private final Norm norm;

        Block(Parameters p, Norms norms, Config c) {
            Parameters m = p.child("mixer");
            mixer = new BidirectionalMamba(
                    c.rcps ? m.child("submodule") : m, c.dModel, c.expand, c.dState, c.dConv, c.nLayer);
            norm = norms.at(Site.ATTENTION, p.child("norm"), c.dModel, Layout.LAST, Affine.FULL);
        }

        Tensor forward(Tensor x) { // (B, L, E)
            return x.add(mixer.forward(norm.forward(x)));
        }
    }

    private final Config config;
    private final Parameters parameters;
    private final Norms norms;
    private final Tensor embedding;
    private final @Nullable EmbedScale embedScale;
    private final List<Block> blocks = new ArrayList<>();
    private final Norm norm;
    private final @Nullable Linear head;
    private boolean bothStrands = true;

    Caduceus(Config c, NormSpec spec, Parameters root) {
        config = c;
        parameters = root;
        norms = new Norms(spec.orElse("eps", "1e-5"));
        try (var _ = new Scope()) {
            Parameters p = root.child("caduceus").child("backbone");
            Parameters words = p.child("embeddings").child("word_embeddings");
            embedding = (c.rcps ? words.child("embedding") : words)
                    .parameter("weight", Init.normal(0.02, Bases.PADDED_VOCABULARY, c.dModel));
            embedScale = spec.calibrated() ? new EmbedScale(p, norms, 1) : null;
            for (int i = 0; i < c.nLayer; i++) {
                blocks.add(new Block(p.child("layers").child(i), norms, c));
            }
            norm = norms.at(Site.FINAL, p.child("norm_f"), c.dModel, Layout.LAST, Affine.FULL);
            head = c.numClasses == 0 ? null : new Linear(root.child("head"), c.dModel, c.numClasses);
        }
    }

    /**
     * Of {@link Bases}' tokens (B, L), L at most {@code l_max}: logits (B, L, 16), or (B, classes).
     *
     * @throws UserError where the sequence is longer
     */
    @Override
    public Tensor forward(Tensor tokens) { // (B, L)
        if (tokens.size(1) > config.lMax) {
            throw new UserError("a sequence of " + tokens.size(1) + " bases is longer than the model's l_max "
                    + config.lMax + ": cut it, or set l_max: " + tokens.size(1) + ".");
        }
        boolean postHoc = head != null && bothStrands && !parameters.training();
        if (!config.rcps && !postHoc) {
            Tensor h = hidden(tokens); // (B, L, E)
            return head == null ? torch.linear(h, embedding) : head.forward(Bases.mean(h, tokens));
        }
        ReverseComplement other = ReverseComplement.of(tokens);
        Tensor both = torch.cat(new TensorVector(tokens, other.tokens()), 0); // (2·B, L)
        Tensor h = hidden(both); // (2·B, L, E)
        if (head != null) {
            TensorVector logits = head.forward(Bases.mean(h, both)).chunk(2, 0); // 2 × (B, classes)
            return logits.get(0).add(logits.get(1)).div(new Scalar(2));
        }
        TensorVector strands = h.chunk(2, 0); // 2 × (B, L, E)
        return torch.linear(strands.get(0), embedding)
                .add(other.back(torch.linear(strands.get(1), ReverseComplement.rows(embedding))));
    }

    /** Whether Ph as a classifier under evaluation asks both strands, as it does unless told otherwise: not where a class is of one strand. */
    public void bothStrands(boolean asked) {
        bothStrands = asked;
    }

    /** The last norm's output. */
    private Tensor hidden(Tensor tokens) { // (B, L)
        Tensor x = torch.embedding(embedding, tokens); // (B, L, E)
        x = embedScale == null ? x : embedScale.forward(x);
        for (Block block : blocks) {
            x = block.forward(x);
        }
        return norm.forward(x);
    }

    /** A and the embedding, as in the authors' code; what has one axis never decays. */
    @Override
    public Set<String> withoutDecay() {
        return parameters.trainable().keySet().stream()
                .filter(name -> name.endsWith("A_log") || name.contains("word_embeddings"))
                .collect(Collectors.toUnmodifiableSet());
    }

    @Override
    public List<Fold> folds() {
        Stream<Fold> all = blocks.stream().map(b -> new Fold(b.norm, b.mixer.reader()));
        // A language model's head is the embedding too, which γ must not touch. A mean of γ·n + β is γ·mean(n) + β.
        return (head == null ? all : Stream.concat(all, Stream.of(new Fold(norm, head)))).toList();
    }

    @Override
    public List<String> ruleNotes() {
        return embedScale == null ? List.of() : List.of(EmbedScale.calibratedNote());
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
