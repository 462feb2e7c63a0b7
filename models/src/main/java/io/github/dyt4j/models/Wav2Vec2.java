package io.github.dyt4j.models;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.GumbelQuantizer.Quantised;
import io.github.dyt4j.models.Wav2Vec2Block.NormOrder;
import io.github.dyt4j.models.Wav2Vec2Features.FeatNorm;
import io.github.dyt4j.torch.Layout;
import io.github.dyt4j.torch.Norm;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Norms;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.ScaledGradient;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Site;
import io.github.dyt4j.torch.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * wav2vec 2.0 (Baevski et al. 2020, "wav2vec 2.0: A framework for self-supervised learning of speech representations"): convolutions turn a
 * waveform into frames, spans of frames are hidden, a Transformer reads them, and of every hidden frame it must tell the quantised truth from
 * distractors ({@link #pretrain}); or, fine-tuned, it spells what is said ({@link #logits}, for CTC). Hugging Face's parameter names.
 *
 * <p>Norm slots: {@code feature_projection.layer_norm} after the convolutions, which the projection and the quantiser read, two a block, and
 * the encoder's one, after the last block where the order is pre-norm and before the first where it is post-norm: 2·L + 2, so 26 for Base and
 * 50 for Large. These are the ones that the authors' patch for Dynamic Tanh replaces (Zhu et al. 2025, "Transformers without normalization").
 * The norms inside the convolutions are no slots: the group norm stays, since it sees raw audio, and so do the layer norms of
 * {@code feat_extract_norm: layer}.
 *
 * <p>Base is post-norm as published, under every norm, since Zhu et al. leave it so; their Large is pre-norm, with Base's convolutions.
 * Chen et al. 2025 ("Stronger normalization-free Transformers") train Base pre-norm instead. {@code norm_order: pre} or {@code post} gives
 * either under any norm.
 */
public final class Wav2Vec2 implements Model {
    /** What the model ends in. */
    public enum Head {
        CONTRASTIVE,
        CTC
    }

    /**
     * What pretraining weighs.
     *
     * @param projDim width in which predictions and targets are compared
     * @param negatives K, distractors of a frame
     * @param temperature κ
     * @param diversityWeight of the penalty on entries that nobody takes
     * @param penaltyWeight of the penalty on large features
     */
    public record Contrast(
            int projDim, int negatives, double temperature, double diversityWeight, double penaltyWeight) {
        Contrast with(Overrides o) {
            Contrast c = new Contrast(
                    o.positive("proj_codevector_dim", projDim),
                    o.positive("num_negatives", negatives),
                    o.number("contrastive_logits_temperature", temperature),
                    o.number("diversity_loss_weight", diversityWeight),
                    o.number("feature_penalty_weight", penaltyWeight));
            if (!(c.temperature > 0)) {
                throw new UserError(
                        "contrastive_logits_temperature " + c.temperature + " must be positive, usually 0.1.");
            }
            if (!(c.diversityWeight >= 0 && c.penaltyWeight >= 0)) {
                throw new UserError("diversity_loss_weight and feature_penalty_weight must not be negative: they are "
                        + c.diversityWeight + " and " + c.penaltyWeight + ", usually 0.1 and 10.");
            }
            return c;
        }
    }

    /**
     * A size.
     *
     * @param vocabSize symbols of {@code head: ctc}, the blank among them
     * @param featureGradMult what the convolutions get of their gradient; null: 0.1 in pretraining and 0 in fine-tuning, where
     *     they stay as they are, as fairseq has it. At 0 their weights are saved but not trained
     */
    public record Config(
            Head head,
            Wav2Vec2Features.Config features,
            int hiddenSize,
            int numHiddenLayers,
            int numAttentionHeads,
            int intermediateSize,
            NormOrder normOrder,
            int numConvPosEmbeddings,
            int numConvPosEmbeddingGroups,
            Dropouts dropouts,
            SpanMasks masks,
            GumbelQuantizer.Config quantizer,
            Contrast contrast,
            @Nullable Double featureGradMult,
            int symbols)
            implements AudioConfig {
        @Override
        public Config with(Overrides o) {
            Config c = new Config(
                    o.choice("head", head, Head.class),
                    features.with(o),
                    o.positive("hidden_size", hiddenSize),
                    o.positive("num_hidden_layers", numHiddenLayers),
                    o.positive("num_attention_heads", numAttentionHeads),
                    o.positive("intermediate_size", intermediateSize),
                    o.choice("norm_order", normOrder, NormOrder.class),
                    o.positive("num_conv_pos_embeddings", numConvPosEmbeddings),
                    o.positive("num_conv_pos_embedding_groups", numConvPosEmbeddingGroups),
                    dropouts.with(o),
                    masks.with(o),
                    quantizer.with(o),
                    contrast.with(o),
                    o.optionalNumber("feature_grad_mult", featureGradMult),
                    o.positive("vocab_size", symbols));
            o.refuseOthers();
            Attention.requireEqualHeads("hidden_size", c.hiddenSize, "num_attention_heads", c.numAttentionHeads);
            PositionalConv.requireGroups(c.hiddenSize, c.numConvPosEmbeddingGroups);
            if (!(c.gradMult() >= 0 && c.gradMult() <= 1)) {
                throw new UserError("feature_grad_mult " + c.gradMult() + " is not in [0, 1].");
            }
            return c;
        }

        @Override
        public Wav2Vec2 create(NormSpec spec, Parameters parameters) {
            return new Wav2Vec2(this, spec, parameters);
        }

        double gradMult() {
            return featureGradMult != null ? featureGradMult : head == Head.CTC ? 0 : 0.1;
        }

        @Override
        public int vocabSize() {
            return head == Head.CTC ? symbols : 0;
        }

        @Override
        public long frames(long samples) {
            return features.frames(samples);
        }

        @Override
        public int receptiveField() {
            return features.receptiveField();
        }

        /** Of {@code head: contrastive}, distractors a hidden frame. */
        public int numNegatives() {
            return contrast.negatives;
        }

        @Override
        public int heads() {
            return numAttentionHeads;
        }

        /**
         * Of the convolutions what {@link Wav2Vec2Features} says; by block and frame 16 vectors of width E and three of the hidden layer's; in
         * pretraining, of about every second frame, five of the codebooks' logits.
         */
        @Override
        public long activationCount(long samples) {
            long frames = frames(samples);
            long block = 16L * hiddenSize + 3L * intermediateSize;
            long last = head == Head.CTC
                    ? 3L * symbols
                    : 5L * quantizer.groups() * quantizer.entries() / 2 + 3L * contrast.negatives / 2;
            return features.activationCount(samples) + frames * (numHiddenLayers * block + 8L * hiddenSize + last);
        }
    }

    /**
     * Base as published; Large as in "Transformers without Normalization": pre-norm, with Base's convolutions. Both with fairseq's numbers for
     * LibriSpeech.
     */
    static SequencedMap<String, Config> sizes() {
        SequencedMap<String, Config> sizes = new LinkedHashMap<>();
        sizes.put("wav2vec2_base", size(768, 12, 12, NormOrder.POST, new Dropouts(0.1, 0.1, 0, 0.05), 256));
        sizes.put("wav2vec2_large", size(1024, 24, 16, NormOrder.PRE, new Dropouts(0.1, 0, 0, 0.2), 768));
        return sizes;
    }

    private static Config size(int dim, int depth, int heads, NormOrder order, Dropouts dropouts, int codeDim) {
        var features = new Wav2Vec2Features.Config(
                List.of(512, 512, 512, 512, 512, 512, 512),
                List.of(10, 3, 3, 3, 3, 2, 2),
                List.of(5, 2, 2, 2, 2, 2, 2),
                false,
                FeatNorm.GROUP);
        return new Config(
                Head.CONTRASTIVE,
                features,
                dim,
                depth,
                heads,
                4 * dim,
                order,
                128,
                16,
                dropouts,
                new SpanMasks(0.65, 10, 0, 10),
                new GumbelQuantizer.Config(2, 320, codeDim),
                new Contrast(codeDim, 100, 0.1, 0.1, 10),
                null,
                32);
    }

    /**
     * What a step of pretraining comes to. Losses are sums over the hidden frames, as fairseq has them: its batch's loss is
     * {@code contrastive + w_d·diversity + w_p·penalty}, and the trainer divides it by {@code masked}.
     *
     * @param contrastive {@link ContrastiveLoss}
     * @param diversity masked·(G·V − perplexity)/(G·V), perplexity of the mean of softmax(l) without noise
     * @param penalty masked·mean(z²) of the convolutions' output z, whose gradient is scaled with theirs
     * @param loss the whole by hidden frame: what is minimised
     * @param masked hidden frames
     * @param correct how many of them found their target
     * @param perplexity {@link GumbelQuantizer.Quantised}'s, of the probabilities
     * @param codePerplexity of the entries
     */
    public record Pretraining(
            Tensor contrastive,
            Tensor diversity,
            Tensor penalty,
            Tensor loss,
            long masked,
            long correct,
            Tensor perplexity,
            Tensor codePerplexity) {}

    private final Config config;
    private final Parameters parameters;
    private final Norms norms;
    private final Wav2Vec2Features features;
    private final Norm featureNorm;
    private final Linear projection;
    private final Tensor maskedSpecEmbed;
    private final PositionalConv positions;
    private final Norm encoderNorm;
    private final List<Wav2Vec2Block> blocks = new ArrayList<>();
    private final @Nullable GumbelQuantizer quantizer;
    private final @Nullable Linear projectHid;
    private final @Nullable Linear projectQ;
    private final @Nullable Linear lmHead;

    Wav2Vec2(Config c, NormSpec spec, Parameters root) {
        config = c;
        parameters = root;
        norms = new Norms(spec);
        try (var _ = new Scope()) {
            Parameters p = root.child("wav2vec2");
            maskedSpecEmbed = p.parameter("masked_spec_embed", Init.range(0, 1, c.hiddenSize));
            Parameters extractor = p.child("feature_extractor");
            features = new Wav2Vec2Features(c.gradMult() == 0 ? extractor.frozen() : extractor, c.features);
            Parameters project = p.child("feature_projection");
            featureNorm = norms.at(Site.STEM, project.child("layer_norm"), c.features.width(), Layout.LAST, true);
            projection = Linear.uniform(project.child("projection"), c.features.width(), c.hiddenSize);
            Parameters encoder = p.child("encoder");
            positions = new PositionalConv(
                    encoder.child("pos_conv_embed"), c.hiddenSize, c.numConvPosEmbeddings, c.numConvPosEmbeddingGroups);
            Norm before = c.normOrder == NormOrder.POST ? encoderNorm(encoder, Site.ENCODER) : null;
            for (int i = 0; i < c.numHiddenLayers; i++) {
                blocks.add(new Wav2Vec2Block(encoder.child("layers").child(i), norms, c));
            }
            encoderNorm = before != null ? before : encoderNorm(encoder, Site.FINAL);
            boolean pretraining = c.head == Head.CONTRASTIVE;
            quantizer =
                    pretraining ? new GumbelQuantizer(root.child("quantizer"), c.quantizer, c.features.width()) : null;
            projectHid =
                    pretraining ? Linear.uniform(root.child("project_hid"), c.hiddenSize, c.contrast.projDim) : null;
            projectQ =
                    pretraining ? Linear.uniform(root.child("project_q"), c.quantizer.dim(), c.contrast.projDim) : null;
            lmHead = pretraining ? null : new Linear(root.child("lm_head"), c.hiddenSize, c.symbols);
        }
    }

    private Norm encoderNorm(Parameters encoder, Site site) {
        return norms.at(site, encoder.child("layer_norm"), config.hiddenSize, Layout.LAST, true);
    }

    /** Logits (B, F, symbols) with {@code head: ctc}; hidden states (B, F, E) without a head. Nothing is hidden and nothing is padding. */
    @Override
    public Tensor forward(Tensor waveform) { // (B, T)
        return config.head == Head.CTC
                ? logits(waveform, null, null, null)
                : encoded(featureNorm.forward(features(waveform)), null, null, null);
    }

    /**
     * Logits (B, F, symbols) of clips of several lengths, padded with zeros to the longest. Frames that touch padding are 0 for the positions
     * and unseen by attention, with either kind of convolutions, as in fairseq. With {@code feat_extract_norm: layer} a clip gives what it
     * gives alone; the group norm, though, sees the zeros, as the original's does: batches of clips of about one length keep that small.
     *
     * @param samples of each clip without its padding; null: all fill the batch
     * @param hidden (B, F) bool, frames whose input is replaced by the learned vector, as fine-tuning does; or null
     * @param channels (B, E) bool, channels of the Transformer's input that are 0 in the whole clip; or null
     */
    public Tensor logits(
            Tensor waveform, long @Nullable [] samples, @Nullable Tensor hidden, @Nullable Tensor channels) { // (B, T)
        Linear head = Objects.requireNonNull(lmHead, "head: ctc");
        Tensor normed = featureNorm.forward(features(waveform));
        return head.forward(encoded(normed, samples, hidden, channels)); // (B, F, symbols)
    }

    /**
     * The whole objective (Baevski et al. 2020, section 3.2) of clips without padding.
     *
     * @param temperature τ of the Gumbel softmax
     * @param noise (B, F, G, V), standard Gumbel; null: drawn in training, none in evaluation
     */
    public Pretraining pretrain(Tensor waveform, Masking masking, double temperature, @Nullable Tensor noise) {
        if (!(temperature > 0)) {
            throw new IllegalArgumentException("the Gumbel temperature is " + temperature + "; it must be positive");
        }
        Config c = config;
        Tensor z = features(waveform); // (B, F, C)
        Tensor normed = featureNorm.forward(z);
        Tensor rows = masking.mask().flatten().nonzero().view(-1); // (M)
        long m = rows.size(0);
        Tensor penalty = z.mul(z).mean().mul(new Scalar(m));

        Tensor seen = encoded(normed, null, masking.mask(), null).flatten(0, 1).index_select(0, rows); // (M, E)
        Tensor predicted =
                Objects.requireNonNull(projectHid, "head: contrastive").forward(seen); // (M, D)
        Tensor truth = c.dropouts.hidden(normed.flatten(0, 1).index_select(0, rows), parameters); // (M, C)
        Tensor n = noise == null ? null : noise.flatten(0, 1).index_select(0, rows); // (M, G, V)
        Quantised q = Objects.requireNonNull(quantizer).forward(truth, temperature, n);
        Tensor targets = Objects.requireNonNull(projectQ).forward(q.vectors()); // (M, D)

        Tensor rank = masking.mask().flatten().cumsum(0).sub(new Scalar(1)); // (B·F): which hidden frame it is
        Tensor negatives = rank.index_select(
                        0,
                        masking.negatives().flatten(0, 1).index_select(0, rows).flatten())
                .view(m, -1); // (M, K)
        ContrastiveLoss contrastive =
                ContrastiveLoss.of(predicted, targets, q.codes(), negatives, c.contrast.temperature);
        double entries = (double) c.quantizer.groups() * c.quantizer.entries();
        Tensor diversity = q.perplexity().neg().add(new Scalar(entries)).mul(new Scalar(m / entries));
        Tensor loss = contrastive
                .sum()
                .add(diversity.mul(new Scalar(c.contrast.diversityWeight)))
                .add(penalty.mul(new Scalar(c.contrast.penaltyWeight)))
                .div(new Scalar(m));
        return new Pretraining(
                contrastive.sum(),
                diversity,
                penalty,
                loss,
                m,
                contrastive.correct(),
                q.perplexity(),
                q.codePerplexity());
    }

    /** The convolutions' output, whose gradient is scaled. */
    private Tensor features(Tensor waveform) { // (B, T)
        if (config.frames(waveform.size(1)) == 0) {
            throw new UserError("A clip of " + waveform.size(1) + " samples is shorter than the "
                    + config.receptiveField() + " that one frame of this model sees: leave such clips out.");
        }
        return ScaledGradient.of(features.forward(waveform), config.gradMult()); // (B, F, C)
    }

    private Tensor encoded(
            Tensor normed, long @Nullable [] samples, @Nullable Tensor hidden, @Nullable Tensor channels) { // (B, F, C)
        Tensor x = config.dropouts.hidden(projection.forward(normed), parameters); // (B, F, E)
        if (hidden != null) {
            x = torch.where(hidden.unsqueeze(-1), maskedSpecEmbed, x);
        }
        if (channels != null) {
            x = x.masked_fill(channels.unsqueeze(1), new Scalar(0));
        }
        TensorOptional seen = new TensorOptional();
        if (samples != null) {
            Tensor padding = padding(samples, x.size(1)); // (B, F)
            x = x.masked_fill(padding.unsqueeze(-1), new Scalar(0));
            seen = new TensorOptional(padding.logical_not().unsqueeze(1).unsqueeze(1)); // (B, 1, 1, F)
        }
        x = x.add(positions.forward(x));
        if (config.normOrder == NormOrder.POST) {
            x = encoderNorm.forward(x);
        }
        x = config.dropouts.hidden(x, parameters);
        for (Wav2Vec2Block block : blocks) {
            if (!config.dropouts.skipsBlock(parameters)) {
                x = block.forward(x, seen);
            }
        }
        return config.normOrder == NormOrder.PRE ? encoderNorm.forward(x) : x; // (B, F, E)
    }

    private Tensor padding(long[] samples, long width) {
        long[] padding = new long[samples.length * (int) width];
        for (int b = 0; b < samples.length; b++) {
            Arrays.fill(padding, (int) (b * width + config.frames(samples[b])), (int) ((b + 1) * width), 1);
        }
        return Tensors.of(padding, samples.length, width).to(ScalarType.Bool);
    }

    @Override
    public List<Fold> folds() {
        Stream<Fold> first = Stream.of(new Fold(
                featureNorm, quantizer == null ? List.of(projection) : List.of(projection, quantizer.weightProj())));
        // What pretraining's forward gives are the norm's own values.
        Stream<Fold> last = config.normOrder == NormOrder.PRE && lmHead != null
                ? Stream.of(new Fold(encoderNorm, lmHead))
                : Stream.of();
        return Stream.of(first, blocks.stream().flatMap(Wav2Vec2Block::folds), last)
                .flatMap(s -> s)
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
