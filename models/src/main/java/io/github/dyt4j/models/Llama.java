package io.github.dyt4j.models;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Affine;
import io.github.dyt4j.torch.CausalAttention;
import io.github.dyt4j.torch.FusedAttention;
import io.github.dyt4j.torch.GatedSilu;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Layout;
import io.github.dyt4j.torch.Norm;
import io.github.dyt4j.torch.NormFunction;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Norms;
import io.github.dyt4j.torch.OneQuery;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Recomputed;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Site;
import io.github.dyt4j.torch.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * LLaMA (Touvron et al. 2023), pre-norm, with Hugging Face's parameter names: RoPE, grouped-query attention (Ainslie et al. 2023), SwiGLU
 * (Shazeer 2020), and norms with γ alone: two a block and one before the head, 65, 81, 97 and 161 for 7B, 13B, 34B and 70B.
 *
 * <p>What pointwise norms change beside the norm (Zhu et al. 2025, section 4 and appendix A): α0 by the {@link WidthTable}, and one
 * learned scalar after the embedding, {@code model.embed_scale}, √E at the start; with {@code init=calibrated} what gives the embedding's
 * output unit variance on the first batch. √E does that at width 4096, where 64 · 0.02 = 1.28, and not at small widths.
 */
public final class Llama implements Model {
    /** Which of attention's products have a bias: none (LLaMA), those that make q, k and v (Qwen2), or all four. */
    public enum AttentionBias {
        NONE,
        QKV,
        ALL
    }

    /**
     * A size; names are those of Hugging Face's config.json.
     *
     * @param headDim the width of a head, hiddenSize / numAttentionHeads unless a checkpoint says otherwise
     * @param ropeScaling null for plain RoPE
     * @param gradientCheckpointing keeps of each block its input alone, and computes it again in backward
     */
    public record Config(
            int vocabSize,
            int hiddenSize,
            int intermediateSize,
            int numHiddenLayers,
            int numAttentionHeads,
            int numKeyValueHeads,
            int headDim,
            int maxPositionEmbeddings,
            double ropeTheta,
            Rope.@Nullable Scaling ropeScaling,
            boolean tieWordEmbeddings,
            AttentionBias attentionBias,
            boolean mlpBias,
            boolean gradientCheckpointing)
            implements ModelConfig {

        static Config of(int vocab, int hidden, int intermediate, int layers, int heads, int kvHeads, int positions) {
            return new Config(
                    vocab,
                    hidden,
                    intermediate,
                    layers,
                    heads,
                    kvHeads,
                    hidden / heads,
                    positions,
                    1e4,
                    null,
                    false,
                    AttentionBias.NONE,
                    false,
                    false);
        }

        private Config llama3() {
            return new Config(
                    vocabSize,
                    hiddenSize,
                    intermediateSize,
                    numHiddenLayers,
                    numAttentionHeads,
                    numKeyValueHeads,
                    headDim,
                    maxPositionEmbeddings,
                    5e5,
                    null,
                    tieWordEmbeddings,
                    attentionBias,
                    mlpBias,
                    gradientCheckpointing);
        }

        @Override
        public Config with(Overrides o) {
            int hidden = o.positive("hidden_size", hiddenSize);
            int heads = o.positive("num_attention_heads", numAttentionHeads);
            // Grouped queries stay where they were asked for; else as many heads of keys as of queries.
            int kv =
                    o.positive("num_key_value_heads", numKeyValueHeads == numAttentionHeads ? heads : numKeyValueHeads);
            boolean sameHeads = hidden == hiddenSize && heads == numAttentionHeads;
            Config c = new Config(
                    o.positive("vocab_size", vocabSize),
                    hidden,
                    o.positive("intermediate_size", intermediateSize),
                    o.positive("num_hidden_layers", numHiddenLayers),
                    heads,
                    kv,
                    o.positive("head_dim", sameHeads ? headDim : Math.max(1, hidden / heads)),
                    o.positive("max_position_embeddings", maxPositionEmbeddings),
                    o.number("rope_theta", ropeTheta),
                    ropeScaling,
                    o.flag("tie_word_embeddings", tieWordEmbeddings),
                    o.choice("attention_bias", attentionBias, AttentionBias.class),
                    mlpBias,
                    o.flag("gradient_checkpointing", gradientCheckpointing));
            o.refuseOthers();
            return c.checked();
        }

        /** This size, if its numbers go together. */
        public Config checked() {
            if (hiddenSize % numAttentionHeads != 0 && headDim == hiddenSize / numAttentionHeads) {
                throw new UserError("hidden_size " + hiddenSize + " does not divide into num_attention_heads "
                        + numAttentionHeads + " heads of equal width: take hidden_size "
                        + numAttentionHeads * Math.ceilDiv(hiddenSize, numAttentionHeads) + ".");
            }
            if (numAttentionHeads % numKeyValueHeads != 0) {
                throw new UserError("num_attention_heads " + numAttentionHeads
                        + " is not a multiple of num_key_value_heads " + numKeyValueHeads
                        + ": each head of keys serves the same number of heads of queries.");
            }
            if (headDim % 2 != 0) {
                throw new UserError("head_dim " + headDim + " is odd: rotary positions turn pairs of channels.");
            }
            if (!(ropeTheta > 0)) {
                throw new UserError("rope_theta " + ropeTheta + " must be positive, usually 10000.");
            }
            return this;
        }

        @Override
        public Llama create(NormSpec spec, Parameters parameters) {
            return new Llama(this, spec, parameters);
        }

        @Override
        public long[] inputShape() {
            return new long[] {maxPositionEmbeddings};
        }

        @Override
        public int heads() {
            return numAttentionHeads;
        }

        /**
         * By block and token: 12 vectors of width E, five of the hidden layer's; with checkpointing one vector a block, and one block. Then
         * the logits, their gradient and its scratch, of at most f32.
         */
        @Override
        public long activationCount() {
            long block = 12L * hiddenSize + 5L * intermediateSize;
            long blocks = gradientCheckpointing
                    ? (long) numHiddenLayers * hiddenSize + block
                    : (long) numHiddenLayers * block;
            return maxPositionEmbeddings * (blocks + 3L * vocabSize);
        }
    }

    /**
     * Published sizes: those of the paper (7B to 70B), those of its code (1.4B; Llama 3's vocabulary: 194M, 1.8B, 3.2B, 8B), and mini ones
     * for bytes or a small vocabulary.
     */
    static SequencedMap<String, Config> sizes() {
        SequencedMap<String, Config> sizes = new LinkedHashMap<>();
        sizes.put("llama_7b", Config.of(32000, 4096, 11008, 32, 32, 32, 4096));
        sizes.put("llama_13b", Config.of(32000, 5120, 13824, 40, 40, 40, 4096));
        sizes.put("llama_34b", Config.of(32000, 8192, 22016, 48, 64, 8, 4096));
        sizes.put("llama_70b", Config.of(32000, 8192, 28672, 80, 64, 8, 4096));
        sizes.put("llama_1.4b", Config.of(32000, 2048, 6144, 24, 16, 4, 4096));
        sizes.put("llama3_194m", Config.of(128256, 1024, 2816, 10, 8, 8, 4096).llama3());
        sizes.put("llama3_1.8b", Config.of(128256, 2048, 7168, 24, 16, 8, 8192).llama3());
        sizes.put("llama3_3.2b", Config.of(128256, 3072, 8192, 24, 24, 8, 8192).llama3());
        sizes.put("llama3_8b", Config.of(128256, 4096, 14336, 32, 32, 8, 8192).llama3());
        sizes.put("llama_mini", Config.of(256, 128, 344, 4, 4, 4, 128));
        sizes.put("llama_100m", Config.of(32000, 768, 2048, 12, 12, 12, 1024));
        return sizes;
    }

    /** q, k, v by heads, turned by {@link Rope}, then o(softmax(q·kᵀ/√d)·v), each token seeing itself and what is before it. */
    static final class Attention {
        private final Config config;
        private final Rope rope;
        private final int layer;
        private final Linear q;
        private final Linear k;
        private final Linear v;
        private final Linear o;
        private final CausalAttention trained;

        Attention(Parameters p, Config c, Rope rope, int layer) {
            config = c;
            this.rope = rope;
            this.layer = layer;
            boolean qkvBias = c.attentionBias != AttentionBias.NONE;
            int width = c.numAttentionHeads * c.headDim;
            int kvWidth = c.numKeyValueHeads * c.headDim;
            q = new Linear(p.child("q_proj"), c.hiddenSize, width, qkvBias);
            k = new Linear(p.child("k_proj"), c.hiddenSize, kvWidth, qkvBias);
            v = new Linear(p.child("v_proj"), c.hiddenSize, kvWidth, qkvBias);
            o = new Linear(p.child("o_proj"), width, c.hiddenSize, c.attentionBias == AttentionBias.ALL);
            trained = new CausalAttention(c.numAttentionHeads, c.numKeyValueHeads, c.headDim);
        }

        Tensor forward(Tensor x, @Nullable KvCache cache) { // (B, T, E)
            int t = (int) x.size(1);
            if (Grad.enabled()) {
                Tensor qkv = Linear.joined(x, readers()); // (B, T, (H + 2·Hkv)·d)
                return o.forward(trained.forward(qkv, rope.cos(0, t), rope.sin(0, t))); // (B, T, E)
            }
            int from = cache == null ? 0 : cache.length();
            Tensor cos = rope.cos(from, t);
            Tensor sin = rope.sin(from, t);
            Tensor queries =
                    CausalAttention.turn(heads(q.forward(x), config.numAttentionHeads), cos, sin); // (B, H, T, d)
            Tensor keys =
                    CausalAttention.turn(heads(k.forward(x), config.numKeyValueHeads), cos, sin); // (B, Hkv, T, d)
            Tensor values = heads(v.forward(x), config.numKeyValueHeads); // (B, Hkv, T, d)
            if (cache != null) {
                keys = cache.keys(layer, keys); // (B, Hkv, from + T, d)
                values = cache.values(layer, values);
            }
            Tensor y = attend(queries, keys, values, from); // (B, H, T, d)
            return o.forward(y.transpose(1, 2).flatten(2, 3)); // (B, T, E)
        }

        private Tensor heads(Tensor x, int heads) { // (B, T, heads·d)
            return x.view(x.size(0), x.size(1), heads, config.headDim).transpose(1, 2); // (B, heads, T, d)
        }

        private Tensor attend(Tensor q, Tensor k, Tensor v, int from) {
            long t = q.size(2);
            int group = config.numAttentionHeads / config.numKeyValueHeads;
            if (OneQuery.takes(q, k, v)) {
                return OneQuery.attention(q, k, v);
            }
            if (t == 1) {
                // One token sees all: the heads of a group are as rows of one query, and no key is copied.
                Tensor rows = q.view(q.size(0), config.numKeyValueHeads, group, config.headDim);
                return product(rows, k, v, new TensorOptional(), false)
                        .view(q.size(0), config.numAttentionHeads, 1, config.headDim);
            }
            Tensor keys = group == 1 ? k : repeated(k, group);
            Tensor values = group == 1 ? v : repeated(v, group);
            return from == 0
                    ? product(q, keys, values, new TensorOptional(), true)
                    : product(q, keys, values, new TensorOptional(Tensors.causalMask(t, from + t)), false);
        }

        /** Each head of keys as often as it has heads of queries: (B, Hkv, T, d) → (B, H, T, d). */
        private static Tensor repeated(Tensor x, long group) {
            return x.unsqueeze(2)
                    .expand(x.size(0), x.size(1), group, x.size(2), x.size(3))
                    .flatten(1, 2);
        }

        private static Tensor product(Tensor q, Tensor k, Tensor v, TensorOptional mask, boolean causal) {
            return FusedAttention.of(q, k, v, mask, 0, causal);
        }

        List<Linear> readers() {
            return List.of(q, k, v);
        }
    }

    /** down(silu(gate(x))·up(x)) (Shazeer 2020, equation 6). */
    static final class SwiGlu {
        private final Linear gate;
        private final Linear up;
        private final Linear down;

        SwiGlu(Parameters p, Config c) {
            gate = new Linear(p.child("gate_proj"), c.hiddenSize, c.intermediateSize, c.mlpBias);
            up = new Linear(p.child("up_proj"), c.hiddenSize, c.intermediateSize, c.mlpBias);
            down = new Linear(p.child("down_proj"), c.intermediateSize, c.hiddenSize, c.mlpBias);
        }

        Tensor forward(Tensor x) { // (B, T, E)
            return down.forward(
                    Grad.enabled()
                            ? GatedSilu.of(Linear.joined(x, readers())) // (B, T, 2·I) → (B, T, I)
                            : GatedSilu.of(gate.forward(x), up.forward(x)));
        }

        List<Linear> readers() {
            return List.of(gate, up);
        }
    }

    /** Pre-norm block: x + attention(norm(x)), then + mlp(norm(·)). */
    static final class Block {
        private final Norm inputNorm;
        private final Attention attention;
        private final Norm postAttentionNorm;
        private final SwiGlu mlp;

        Block(Parameters p, Norms norms, Config c, Rope rope, int layer) {
            attention = new Attention(p.child("self_attn"), c, rope, layer);
            mlp = new SwiGlu(p.child("mlp"), c);
            inputNorm = norms.at(Site.ATTENTION, p.child("input_layernorm"), c.hiddenSize, Layout.LAST, Affine.WEIGHT);
            postAttentionNorm =
                    norms.at(Site.MLP, p.child("post_attention_layernorm"), c.hiddenSize, Layout.LAST, Affine.WEIGHT);
        }

        Tensor forward(Tensor x, @Nullable KvCache cache) { // (B, T, E)
            x = x.add(attention.forward(inputNorm.forward(x), cache));
            return x.add(mlp.forward(postAttentionNorm.forward(x)));
        }

        Stream<Fold> folds() {
            return Stream.of(new Fold(inputNorm, attention.readers()), new Fold(postAttentionNorm, mlp.readers()));
        }
    }

    private final Config config;
    private final Parameters parameters;
    private final Norms norms;
    private final Rope rope;
    private final Tensor embedTokens;
    private final @Nullable EmbedScale embedScale;
    private final List<Block> blocks = new ArrayList<>();
    private final Norm norm;
    private final Linear lmHead;

    Llama(Config c, NormSpec spec, Parameters root) {
        config = c;
        parameters = root;
        norms = new Norms(WidthTable.apply(spec, c.hiddenSize));
        rope = new Rope(c.headDim, c.ropeTheta, c.ropeScaling);
        try (var _ = new Scope()) {
            Parameters p = root.child("model");
            embedTokens = p.child("embed_tokens").parameter("weight", Init.normal(0.02, c.vocabSize, c.hiddenSize));
            embedScale = spec.function().squash() == null ? null : new EmbedScale(p, norms, Math.sqrt(c.hiddenSize));
            for (int i = 0; i < c.numHiddenLayers; i++) {
                blocks.add(new Block(p.child("layers").child(i), norms, c, rope, i));
            }
            norm = norms.at(Site.FINAL, p.child("norm"), c.hiddenSize, Layout.LAST, Affine.WEIGHT);
            lmHead = c.tieWordEmbeddings
                    ? new Linear(embedTokens, null)
                    : new Linear(root.child("lm_head"), c.hiddenSize, c.vocabSize, false);
        }
    }

    @Override
    public Tensor forward(Tensor tokens) { // (B, T)
        return head(hidden(tokens, null)); // (B, T, V)
    }

    /** The last block's output after the final norm: what the head reads. With a cache, of the tokens that come after those it holds. */
    public Tensor hidden(Tensor tokens, @Nullable KvCache cache) { // (B, T)
        Tensor x = embed(tokens); // (B, T, E)
        boolean again = config.gradientCheckpointing && cache == null;
        for (Block block : blocks) {
            x = again ? Recomputed.of(x, input -> block.forward(input, null)) : block.forward(x, cache);
        }
        if (cache != null) {
            cache.advance(tokens.size(1));
        }
        return norm.forward(x); // (B, T, E)
    }

    /** Logits of hidden states (…, E). */
    public Tensor head(Tensor hidden) {
        return lmHead.forward(hidden); // (…, V)
    }

    private Tensor embed(Tensor tokens) {
        Tensor x = torch.embedding(embedTokens, tokens);
        return embedScale == null ? x : embedScale.forward(x);
    }

    /** An empty cache for sequences of up to this many tokens, in the weights' dtype. */
    public KvCache cache(int tokens) {
        return new KvCache(
                config.numHiddenLayers, config.numKeyValueHeads, tokens, config.headDim, embedTokens.scalar_type());
    }

    @Override
    public List<String> ruleNotes() {
        if (embedScale == null) {
            return List.of();
        }
        List<String> notes = new ArrayList<>();
        NormSpec spec = norms.spec();
        if (spec.calibrated()) {
            notes.add(EmbedScale.calibratedNote());
            return notes;
        }
        notes.add(String.format(
                Locale.ROOT,
                "one learned number scales the embedding's output, at the start √%d = %.2f (the paper's rule)",
                config.hiddenSize,
                Math.sqrt(config.hiddenSize)));
        if (spec.function() != NormFunction.DYISRU) {
            notes.add(String.format(
                    Locale.ROOT,
                    "α0 is %s at attention and %s elsewhere (the paper's table by width, unless the norm's options say otherwise)",
                    spec.value("attention.alpha"),
                    spec.value("alpha")));
        }
        return notes;
    }

    @Override
    public List<Fold> folds() {
        Stream<Fold> all = blocks.stream().flatMap(Block::folds);
        // A tied head is the embedding too, which γ must not touch.
        return (config.tieWordEmbeddings ? all : Stream.concat(all, Stream.of(new Fold(norm, List.of(lmHead)))))
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

    @Override
    public void close() {
        rope.close();
        parameters.close();
    }
}
