package io.github.dyt4j.models;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Gelu;
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
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * HyenaDNA (Nguyen et al. 2023), a causal language model of single bases: pre-norm blocks of a {@link HyenaOperator} and an MLP, no positions
 * but those in the filters, the head tied to the embedding. Parameter names and starts are the authors': weights ~ N(0, 0.02²), those that end
 * a branch N(0, 0.02²/(2·n_layer)). Norm slots: two a block and one after the last; with {@code init=calibrated} an {@link EmbedScale} too.
 *
 * <p>The authors also give the filters' parameters a learning rate of their own, which is the model's in all published configurations; train
 * the sines' frequencies w without decay, as {@link #withoutDecay} says; and may train the features of the positions, at a rate that the
 * published configurations set to 0. LayerNorm's ε is theirs, 1e-5, unless the norm's options say otherwise.
 */
public final class HyenaDna implements Model {
    /** What the model ends in: logits of the next base at every position, or of a class of the whole sequence. */
    public enum Head {
        LM,
        CLASSES
    }

    /**
     * A size.
     *
     * @param dInner hidden width of the MLP, 4 · dModel in all published sizes
     * @param lMax the longest sequence; filters are stretched over it, so that a model is not the same at another
     * @param embDim features of a position, odd
     * @param filterOrder hidden width of the filters' network
     * @param sineFreq where the frequencies of its sines start
     * @param numClasses 0 with {@code head: lm}
     * @param dropout of the embedding, in training alone; the published sizes have none elsewhere
     */
    public record Config(
            int dModel,
            int nLayer,
            int dInner,
            int lMax,
            int embDim,
            int filterOrder,
            double sineFreq,
            Head head,
            int numClasses,
            double dropout)
            implements DnaConfig {

        static Config of(int dModel, int nLayer, int lMax) {
            return new Config(dModel, nLayer, 4 * dModel, lMax, 5, 64, 10, Head.LM, 0, 0.1);
        }

        @Override
        public Config with(Overrides o) {
            int width = o.positive("d_model", dModel);
            Head to = o.choice("head", head, Head.class);
            int classes = o.positive("num_classes", numClasses);
            Config c = new Config(
                    width,
                    o.positive("n_layer", nLayer),
                    o.positive("d_inner", width == dModel ? dInner : 4 * width),
                    o.positive("l_max", lMax),
                    o.positive("emb_dim", embDim),
                    o.positive("filter_order", filterOrder),
                    o.number("sine_freq", sineFreq),
                    to,
                    classes,
                    o.number("dropout", dropout));
            o.refuseOthers();
            return c.checked();
        }

        private Config checked() {
            if (embDim % 2 == 0 || embDim < 3) {
                throw new UserError("emb_dim " + embDim
                        + " must be 3, 5, 7, …: the time, and a cosine and a sine of each frequency. It is usually 5.");
            }
            if (lMax < 2) {
                throw new UserError("l_max " + lMax + " must be at least 2: filters are stretched over it.");
            }
            if (!(sineFreq > 0)) {
                throw new UserError("sine_freq " + sineFreq + " must be positive, usually 10.");
            }
            if (!(dropout >= 0 && dropout < 1)) {
                throw new UserError("dropout " + dropout + " is not in [0, 1).");
            }
            if (head == Head.CLASSES && numClasses == 0) {
                throw new UserError("head: classes needs num_classes: how many there are to tell apart.");
            }
            if (head == Head.LM && numClasses != 0) {
                throw new UserError("num_classes " + numClasses
                        + " says nothing to head: lm, which predicts bases. Leave it out, or set head: classes.");
            }
            return this;
        }

        @Override
        public HyenaDna create(NormSpec spec, Parameters parameters) {
            return new HyenaDna(this, spec, parameters);
        }

        @Override
        public boolean causal() {
            return true;
        }

        @Override
        public int maxLength() {
            return lMax;
        }

        /**
         * By block and base: 27 vectors of width D (the residual stream, norms, in_proj and the short filter at 3 each and what its taps keep,
         * gates, both sides of the convolution), two of the hidden layer's; four transforms of the convolution, one block at a time.
         */
        @Override
        public long activationCount() {
            return lMax * (nLayer * (27L * dModel + 2L * dInner) + 8L * dModel);
        }
    }

    /**
     * Published sizes by their names on Hugging Face, with l_max as there: two more than the bases, for the tokens around them; and the size of
     * the DNA experiments of Schiff et al. 2024 ("Caduceus", its code), on which "Transformers without Normalization" stands.
     */
    static SequencedMap<String, Config> sizes() {
        SequencedMap<String, Config> sizes = new LinkedHashMap<>();
        sizes.put("hyenadna_tiny_1k", Config.of(128, 2, 1026));
        sizes.put("hyenadna_small_32k", Config.of(256, 4, 32770));
        sizes.put("hyenadna_medium_160k", Config.of(256, 8, 160002));
        sizes.put("hyenadna_medium_450k", Config.of(256, 8, 450002));
        sizes.put("hyenadna_large_1m", Config.of(256, 8, 1000002));
        sizes.put("hyenadna_caduceus", Config.of(256, 4, 1026));
        return sizes;
    }

    /** The last layer of a branch: W ~ N(0, 0.02²/(2·n_layer)), b = 0 (Radford et al. 2019, "GPT-2", section 2.3). */
    static Linear residual(Parameters p, int in, int out, int layers) {
        return new Linear(
                p.parameter("weight", Init.normal(0.02 / Math.sqrt(2 * layers), out, in)),
                p.parameter("bias", Init.zeros(out)));
    }

    /**
     * Pre-norm block: x + mixer(norm1(x)), then + mlp(norm2(·)). The authors' blocks add what the block before has left before they norm, so
     * that one kernel does both; the sums and what is normed are the same.
     */
    static final class Block {
        private final HyenaOperator mixer;
        private final Norm norm1;
        private final Linear fc1;
        private final Mlp mlp;
        private final Norm norm2;

        Block(Parameters p, Norms norms, HyenaPositions positions, Config c) {
            mixer = new HyenaOperator(p.child("mixer"), positions, c);
            norm1 = norms.at(Site.ATTENTION, p.child("norm1"), c.dModel, Layout.LAST, true);
            Parameters ffn = p.child("mlp");
            fc1 = new Linear(ffn.child("fc1"), c.dModel, c.dInner);
            mlp = new Mlp(fc1, residual(ffn.child("fc2"), c.dInner, c.dModel, c.nLayer), Gelu::tanh);
            norm2 = norms.at(Site.MLP, p.child("norm2"), c.dModel, Layout.LAST, true);
        }

        Tensor forward(Tensor x) { // (B, L, D)
            x = x.add(mixer.forward(norm1.forward(x)));
            return x.add(mlp.forward(norm2.forward(x)));
        }

        Stream<Fold> folds() {
            return Stream.of(new Fold(norm1, mixer.inProj()), new Fold(norm2, fc1));
        }
    }

    private final Config config;
    private final Parameters parameters;
    private final Norms norms;
    private final HyenaPositions positions;
    private final Tensor wordEmbeddings;
    private final @Nullable EmbedScale embedScale;
    private final List<Block> blocks = new ArrayList<>();
    private final Norm lnF;
    private final @Nullable Linear head;

    HyenaDna(Config c, NormSpec spec, Parameters root) {
        config = c;
        parameters = root;
        norms = new Norms(spec.orElse("eps", "1.0E-5"));
        positions = new HyenaPositions(c.dModel, c.embDim, c.lMax);
        try (var _ = new Scope()) {
            Parameters p = root.child("backbone");
            wordEmbeddings = p.child("embeddings")
                    .child("word_embeddings")
                    .parameter("weight", Init.normal(0.02, Bases.PADDED_VOCABULARY, c.dModel));
            embedScale = spec.calibrated() ? new EmbedScale(p, norms, 1) : null;
            for (int i = 0; i < c.nLayer; i++) {
                blocks.add(new Block(p.child("layers").child(i), norms, positions, c));
            }
            lnF = norms.at(Site.FINAL, p.child("ln_f"), c.dModel, Layout.LAST, true);
            head = c.head == Head.LM ? null : new Linear(root.child("head"), c.dModel, c.numClasses);
        }
    }

    /** @throws UserError for a sequence longer than l_max */
    @Override
    public Tensor forward(Tensor tokens) { // (B, L)
        requireFits(tokens);
        Tensor x = torch.embedding(wordEmbeddings, tokens); // (B, L, D)
        x = embedScale == null ? x : embedScale.forward(x);
        x = torch.dropout(x, config.dropout, parameters.training());
        for (Block block : blocks) {
            x = block.forward(x);
        }
        x = lnF.forward(x);
        return head == null
                ? torch.linear(x, wordEmbeddings) // (B, L, 16)
                : head.forward(Bases.mean(x, tokens)); // (B, classes)
    }

    private void requireFits(Tensor tokens) {
        if (tokens.size(1) > config.lMax) {
            throw new UserError("A sequence of " + tokens.size(1) + " tokens is longer than l_max " + config.lMax
                    + ", the longest that this model takes: cut it, or set l_max: " + tokens.size(1) + ".");
        }
        // libtorch would stop with its own words in the middle of the embedding.
        if (tokens.numel() > 0
                && (tokens.min().item_long() < 0 || tokens.max().item_long() >= Bases.PADDED_VOCABULARY)) {
            throw new UserError("Tokens of bases are numbers from 0 to " + (Bases.PADDED_VOCABULARY - 1)
                    + ", and a sequence has " + tokens.min().item_long() + " to "
                    + tokens.max().item_long() + ": was it written for another alphabet?");
        }
    }

    /** Not the norm before the head: a mean stands between them, or the head is the embedding too, which γ must not touch. */
    @Override
    public List<Fold> folds() {
        return blocks.stream().flatMap(Block::folds).toList();
    }

    /** The embedding, which the head is, and what the filters are made of. */
    @Override
    public Set<String> withoutDecay() {
        return parameters.trainable().keySet().stream()
                .filter(name -> name.startsWith("backbone.embeddings.") || name.contains(".filter_fn."))
                .collect(Collectors.toUnmodifiableSet());
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

    @Override
    public void close() {
        positions.close();
        parameters.close();
    }
}
