package io.github.dyt4j.kernels;

/**
 * The shape of one token's attention.
 *
 * @param heads of queries; each head of keys serves heads / kvHeads that follow one another
 * @param kvHeads of keys and of values
 * @param headDim d
 * @param seen keys of a head
 * @param stride values from one head of keys to the next: the cache's capacity · d
 * @param scale of the scores: 1/√d
 */
public record OneQueryCall(int heads, int kvHeads, int headDim, int seen, long stride, double scale) {
    public OneQueryCall {
        if (kvHeads < 1 || heads % kvHeads != 0 || headDim < 1 || seen < 1 || stride < (long) seen * headDim) {
            throw new IllegalArgumentException(heads + " queries of width " + headDim + " over " + kvHeads
                    + " heads of " + seen + " keys, " + stride + " values apart");
        }
    }

    int group() {
        return heads / kvHeads;
    }
}
