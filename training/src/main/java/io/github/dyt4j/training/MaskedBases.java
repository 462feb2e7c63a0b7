package io.github.dyt4j.training;

import io.github.dyt4j.models.Bases;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.training.data.Rng;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * BERT's masking (Devlin et al. 2019, section 3.1) as Caduceus takes it (Schiff et al. 2024, section 4): of each base that is asked for, which
 * happens with probability p, MASK stands in its place with probability 0.8, a base drawn from all four with 0.1, and it stays with 0.1. N and
 * padding are never asked for. The authors' code, unlike their paper, puts MASK for all.
 */
final class MaskedBases {
    private static final double MASKED = 0.8;
    private static final double OTHER = 0.9;
    private static final long JUDGED = 0x6D61736BL; // a stream of random numbers of its own

    private MaskedBases() {}

    /**
     * What a model is shown, and what it is asked for.
     *
     * @param labels (B, L) the bases that are asked for, and PAD elsewhere
     */
    record Masked(Tensor input, Tensor labels) {}

    /** Of tokens (B, L), by libtorch's generator. */
    static Masked drawn(Tensor tokens, double p) {
        Tensor asked = below(tokens, p).logical_and(BaseLoss.isBase(tokens));
        Tensor kind = uniform(tokens);
        Tensor four = uniform(tokens).mul(new Scalar(4)).to(ScalarType.Long); // towards 0
        Tensor random = four.add(new Scalar(Bases.A));
        Tensor mask = torch.full_like(tokens, new Scalar(Bases.MASK));
        Tensor other = torch.where(kind.lt(new Scalar(OTHER)), random, tokens);
        Tensor shown = torch.where(kind.lt(new Scalar(MASKED)), mask, other);
        Tensor nothing = torch.full_like(tokens, new Scalar(Bases.PAD));
        return new Masked(torch.where(asked, shown, tokens), torch.where(asked, tokens, nothing));
    }

    private static Tensor below(Tensor like, double p) {
        return uniform(like).lt(new Scalar(p));
    }

    private static Tensor uniform(Tensor like) {
        return torch.rand(like.size(0), like.size(1));
    }

    /**
     * Of one sequence, always the same for its number; one base is asked for at least, if there is any.
     *
     * @param tokens what is shown in the end
     * @param labels what is asked for in the end
     */
    static void fixed(long[] tokens, long[] labels, int offset, int length, double p, long number) {
        Rng rng = Rng.of(JUDGED, 0, number);
        int first = -1;
        boolean any = false;
        for (int i = offset; i < offset + length; i++) {
            boolean base = tokens[i] >= Bases.A && tokens[i] <= Bases.T;
            boolean asked = rng.chance(p);
            double kind = rng.nextDouble();
            int other = Bases.A + rng.nextInt(4);
            labels[i] = base && asked ? tokens[i] : Bases.PAD;
            if (base && asked) {
                any = true;
                tokens[i] = kind < MASKED ? Bases.MASK : kind < OTHER ? other : tokens[i];
            }
            first = base && first < 0 ? i : first;
        }
        if (!any && first >= 0) {
            labels[first] = tokens[first];
            tokens[first] = Bases.MASK;
        }
    }

    /** A batch of sequences numbered from {@code first} on. */
    static Masked fixed(long[] tokens, int size, int length, double p, long first) {
        long[] labels = new long[tokens.length];
        for (int i = 0; i < size; i++) {
            fixed(tokens, labels, i * length, length, p, first + i);
        }
        return new Masked(Tensors.of(tokens, size, length), Tensors.of(labels, size, length));
    }
}
