package io.github.dyt4j.models;

import io.github.dyt4j.torch.Tensors;
import org.bytedeco.pytorch.Tensor;

/**
 * The other strand of a batch of sequences: base t of n becomes the complement of base n − 1 − t. Padding before and after a sequence stays
 * where it is, so that the other strand is padded as if it had been read so.
 */
final class ReverseComplement {
    private static final int[] COMPLEMENTS = Bases.complements();

    private final Tensor tokens;
    private final Tensor rows;

    private ReverseComplement(Tensor tokens, Tensor rows) {
        this.tokens = tokens;
        this.rows = rows;
    }

    /** Of tokens (B, L). */
    static ReverseComplement of(Tensor tokens) {
        int length = (int) tokens.size(1);
        long[] forward = Tensors.longs(tokens);
        long[] other = new long[forward.length];
        long[] rows = new long[forward.length];
        for (int from = 0; from < forward.length; from += length) {
            int first = from;
            int last = from + length - 1;
            while (first <= last && forward[first] == Bases.PAD) {
                first++;
            }
            while (last >= first && forward[last] == Bases.PAD) {
                last--;
            }
            for (int t = from; t < from + length; t++) {
                int across = first <= t && t <= last ? first + last - t : t;
                rows[t] = across;
                other[t] = COMPLEMENTS[(int) forward[across]];
            }
        }
        return new ReverseComplement(Tensors.of(other, Tensors.shape(tokens)), Tensors.of(rows, rows.length));
    }

    /** The other strand, read in its own direction: (B, L). */
    Tensor tokens() {
        return tokens;
    }

    /** What was computed of the other strand's places, (B, L, C), beside the places of this one. */
    Tensor back(Tensor x) {
        return x.flatten(0, 1).index_select(0, rows).view(Tensors.shape(x)); // (B, L, C)
    }

    /** A matrix with a row for each token, (V, E), with the rows of complements exchanged. */
    static Tensor rows(Tensor matrix) {
        long[] map = new long[COMPLEMENTS.length];
        for (int i = 0; i < map.length; i++) {
            map[i] = COMPLEMENTS[i];
        }
        return matrix.index_select(0, Tensors.of(map, map.length));
    }
}
