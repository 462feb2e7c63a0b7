package io.github.dyt4j.lab.bench;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.models.Llama;
import io.github.dyt4j.models.Overrides;
import java.util.Locale;
import java.util.Map;
import java.util.function.DoubleSupplier;

/**
 * As much of a LLaMA as is measured: its true width, and as many layers and tokens as memory and time allow.
 *
 * @param config with as many layers as are built
 * @param wholeLayers of the model
 * @param training whether backward is run too, with a gradient beside each weight
 */
record LlamaCut(
        String model, Llama.Config config, int wholeLayers, int batch, int tokens, Dtype dtype, boolean training) {
    /** The paper's sequence (Zhu et al. 2025, appendix C). */
    static final int PAPER_TOKENS = 4096;

    private static final int LEAST_TOKENS = 128;
    /** With one, the embedding and the head would be most of the model. */
    private static final int FEW_LAYERS = 2;
    /** Logits, their logarithm and its gradient are f32 whatever the dtype. */
    private static final int F32 = 4;

    /** As much of the plan's model as fits: first as many tokens as leave time for two layers, then as many layers. */
    static LlamaCut of(LlamaPlan plan, boolean training, DoubleSupplier flopsPerSecond, long memory) {
        Llama.Config whole = plan.config();
        Integer asked = plan.layers();
        int few = asked != null ? asked : Math.min(FEW_LAYERS, whole.numHiddenLayers());
        Integer tokens = plan.tokens();
        // A pass of each norm in each of the least rounds.
        double seconds =
                plan.seconds() / Interleaved.LEAST_ROUNDS / plan.norms().size();
        double flops =
                asked != null && tokens != null ? Double.POSITIVE_INFINITY : seconds * flopsPerSecond.getAsDouble();
        int t = tokens != null ? tokens : tokens(plan, training, few, flops, memory);
        if (asked != null) {
            return of(plan, training, asked, t).fitting(memory);
        }
        for (int layers = whole.numHiddenLayers(); layers > 1; layers--) {
            LlamaCut cut = of(plan, training, layers, t);
            if (cut.flops() <= flops && cut.bytes() <= memory) {
                return cut;
            }
        }
        return of(plan, training, 1, t).fitting(memory);
    }

    /** The paper's, or all positions where they are fewer, halved until a pass of so many layers is short enough. */
    private static int tokens(LlamaPlan plan, boolean training, int layers, double flops, long memory) {
        int t = Math.min(PAPER_TOKENS, plan.config().maxPositionEmbeddings());
        while (t / 2 >= LEAST_TOKENS) {
            LlamaCut cut = of(plan, training, layers, t);
            if (cut.flops() <= flops && cut.bytes() <= memory) {
                break;
            }
            t /= 2;
        }
        return t;
    }

    /** One layer and few tokens: what the time of the others is reckoned from. */
    static LlamaCut probe(LlamaPlan plan, boolean training, long memory) {
        Integer tokens = plan.tokens();
        int most = tokens != null ? tokens : plan.config().maxPositionEmbeddings();
        return of(plan, training, 1, Math.min(2 * LEAST_TOKENS, most)).fitting(memory);
    }

    private static LlamaCut of(LlamaPlan plan, boolean training, int layers, int tokens) {
        Llama.Config whole = plan.config();
        return new LlamaCut(
                plan.model(),
                with(plan.model(), whole, "num_hidden_layers", layers),
                whole.numHiddenLayers(),
                plan.batch(),
                tokens,
                plan.dtype(),
                training);
    }

    private static Llama.Config with(String model, Llama.Config config, String key, int value) {
        return config.with(new Overrides(model, Map.of(key, value)));
    }

    /** The same on another number of tokens, one sequence, forward alone: prefill. */
    LlamaCut prefill(int tokens) {
        return new LlamaCut(model, config, wholeLayers, 1, tokens, dtype, false);
    }

    int layers() {
        return config.numHiddenLayers();
    }

    /** Norm slots that are built: two a layer and one before the head. */
    int norms() {
        return 2 * layers() + 1;
    }

    int wholeNorms() {
        return 2 * wholeLayers + 1;
    }

    /** Tokens of a pass. */
    int rows() {
        return batch * tokens;
    }

    /** Values of the matrices that tokens are multiplied with: seven a layer, and the head. */
    private long products() {
        long kv = 2L * config.numKeyValueHeads() * config.headDim();
        long attention = config.hiddenSize() * (2L * config.numAttentionHeads() * config.headDim() + kv);
        long mlp = 3L * config.hiddenSize() * config.intermediateSize();
        return layers() * (attention + mlp) + embedding();
    }

    private long embedding() {
        return (long) config.vocabSize() * config.hiddenSize();
    }

    /** Of a pass's matrix products, attention's causal half among them; backward has twice forward's. */
    double flops() {
        double forward = 2.0 * batch * tokens * products()
                + 2.0 * batch * tokens * tokens * layers() * config.numAttentionHeads() * config.headDim();
        return training ? 3 * forward : forward;
    }

    /** The least that it takes, by formula: weights, in training their gradients, and activations. */
    long bytes() {
        long weights = dtype.bytes() * (products() + (config.tieWordEmbeddings() ? 0 : embedding()));
        Llama.Config kept = with(model, config, "max_position_embeddings", tokens);
        long logits = 3L * tokens * config.vocabSize();
        long blocks = (training ? kept : with(model, kept, "num_hidden_layers", 1)).activationCount() - logits;
        return (training ? 2 : 1) * weights + batch * (dtype.bytes() * blocks + F32 * logits);
    }

    /** This, if it fits. */
    private LlamaCut fitting(long memory) {
        if (bytes() <= memory) {
            return this;
        }
        throw new UserError(String.format(
                Locale.ROOT,
                "%s does not fit: %s needs at least %.1f GB, and this bench may take %.1f GB of this machine.%n"
                        + "Give fewer --layers or --tokens, a smaller --batch or another --size.",
                model,
                (training ? "training " : "") + layers() + (layers() == 1 ? " layer" : " layers") + " on " + batch
                        + " x " + tokens + " tokens in " + NormsPlan.name(dtype),
                bytes() / 1e9,
                memory / 1e9));
    }

    /** "llama_7b, 2 of 32 layers of the true width, 1 x 512 tokens": what its rows are of. */
    String scope() {
        return model
                + (layers() == wholeLayers ? "" : ", " + layers() + " of " + wholeLayers + " layers of the true width")
                + ", " + batch + " x " + tokens + (tokens == 1 ? " token" : " tokens");
    }
}
