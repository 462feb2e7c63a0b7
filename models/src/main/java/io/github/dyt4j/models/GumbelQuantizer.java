package io.github.dyt4j.models;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Tensors;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * Product quantiser (Baevski et al. 2020, section 2; Jang et al. 2017): of each of G codebooks with V entries it takes one, and the entries
 * side by side are the quantised vector. Logits l (G, V) are a linear map of the input. In training entry argmax(l + n), n Gumbel noise, is taken,
 * and backward goes through p = softmax((l + n)/τ) instead (straight through); in evaluation it is argmax(l).
 *
 * <p>Starts as the original: the map N(0, 1), the entries U(0, 1).
 */
final class GumbelQuantizer {
    /**
     * Sizes.
     *
     * @param groups G
     * @param entries V
     * @param dim width of a quantised vector, a multiple of G
     */
    record Config(int groups, int entries, int dim) {
        Config with(Overrides o) {
            Config c = new Config(
                    o.positive("num_codevector_groups", groups),
                    o.positive("num_codevectors_per_group", entries),
                    o.positive("codevector_dim", dim));
            if (c.dim % c.groups != 0) {
                throw new UserError("codevector_dim " + c.dim + " does not divide into num_codevector_groups "
                        + c.groups + " equal parts: take " + c.groups * Math.ceilDiv(c.dim, c.groups) + ".");
            }
            if (c.entries < 2) {
                throw new UserError("num_codevectors_per_group " + c.entries
                        + " leaves nothing to choose: it must be at least 2, usually 320.");
            }
            return c;
        }
    }

    /**
     * What became of M vectors.
     *
     * @param vectors (M, D)
     * @param codes (M) i64: the entries taken, as one number
     * @param perplexity Σ_g exp(H(p̄_g)), p̄ the mean of softmax(l) over the M vectors: between G and G·V
     * @param codePerplexity the same of how often each entry is argmax(l), without a graph
     */
    record Quantised(Tensor vectors, Tensor codes, Tensor perplexity, Tensor codePerplexity) {}

    private final Config config;
    private final Parameters p;
    private final Linear weightProj;
    private final Tensor codevectors;

    GumbelQuantizer(Parameters p, Config c, int in) {
        config = c;
        this.p = p;
        codevectors = p.parameter("codevectors", Init.range(0, 1, 1, (long) c.groups * c.entries, c.dim / c.groups));
        Parameters map = p.child("weight_proj");
        int out = c.groups * c.entries;
        weightProj =
                new Linear(map.parameter("weight", Init.normal(1, out, in)), map.parameter("bias", Init.zeros(out)));
    }

    /**
     * Quantises.
     *
     * @param noise (M, G, V), standard Gumbel; null: drawn from libtorch's generator in training, none in evaluation
     */
    Quantised forward(Tensor x, double temperature, @Nullable Tensor noise) { // (M, C)
        long m = x.size(0);
        Tensor logits = weightProj.forward(x).to(ScalarType.Float).view(m, config.groups, config.entries); // (M, G, V)
        Tensor n = noise != null ? noise : p.training() ? gumbel(logits) : null;
        Tensor noised = n == null ? logits : logits.add(n);
        Tensor codes = noised.argmax(new LongOptional(-1), false); // (M, G)
        Tensor chosen = oneHot(codes); // (M, G, V)
        if (n != null) {
            Tensor soft = noised.mul(new Scalar(1 / temperature)).softmax(-1);
            chosen = chosen.sub(soft.detach()).add(soft);
        }
        Tensor books = codevectors.view(config.groups, config.entries, -1); // (G, V, D/G)
        Tensor vectors = chosen.transpose(0, 1).matmul(books).transpose(0, 1).reshape(m, config.dim); // (M, D)
        return new Quantised(
                vectors,
                number(codes),
                perplexity(logits.softmax(-1)),
                perplexity(oneHot(logits.detach().argmax(new LongOptional(-1), false))));
    }

    private static Tensor gumbel(Tensor like) {
        return torch.empty_like(like.detach())
                .exponential_(1, new GeneratorOptional())
                .log_()
                .neg_();
    }

    private Tensor oneHot(Tensor codes) { // (M, G)
        return Tensors.full(0, codes.size(0), config.groups, config.entries)
                .scatter_(-1, codes.unsqueeze(-1), new Scalar(1)); // (M, G, V)
    }

    private Tensor number(Tensor codes) { // (M, G)
        Tensor number = codes.select(1, 0);
        for (int g = 1; g < config.groups; g++) {
            number = number.mul(new Scalar(config.entries)).add(codes.select(1, g));
        }
        return number; // (M)
    }

    /** Of probabilities (M, G, V). What is as good as never taken counts as the least normal float, whose logarithm is finite. */
    private static Tensor perplexity(Tensor probabilities) {
        Tensor mean = probabilities.mean(0); // (G, V)
        Tensor entropy = mean.mul(mean.clamp_min(new Scalar(Float.MIN_NORMAL)).log())
                .sum(-1)
                .neg();
        return entropy.exp().sum();
    }

    /** The layer that reads the input. */
    Linear weightProj() {
        return weightProj;
    }
}
