package io.github.dyt4j.lab.llm;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.training.data.Rng;
import java.util.Arrays;

/**
 * How the next token is drawn from logits z: p ∝ exp(z / temperature) over the topK largest, of those over the smallest set of the
 * largest whose mass reaches topP (nucleus sampling, Holtzman et al. 2020). The order is that of Hugging Face: temperature, top-k, top-p.
 * Of equal logits the lower id comes first, so top-k keeps k and never more, where Hugging Face keeps all that equal the k-th.
 *
 * <p>The n-th token of a text is drawn with {@code Rng.of(seed, 0, n)} (SplitMix64): the same seed and logits give the same text.
 *
 * @param temperature 0 takes the most likely token, and neither topK, topP nor seed matter
 * @param topK 0 for all
 * @param topP above 0 and at most 1, which is all
 */
public record Sampling(double temperature, int topK, double topP, long seed) {
    /** @throws UserError if a number is out of its range */
    public Sampling {
        if (!(temperature >= 0 && temperature < Double.POSITIVE_INFINITY)) {
            throw new UserError("temperature " + temperature + " must be 0 (the most likely token) or above, as 0.8.");
        }
        if (topK < 0) {
            throw new UserError("top-k " + topK + " must be 1 or more, or 0 for all tokens.");
        }
        if (!(topP > 0 && topP <= 1)) {
            throw new UserError("top-p " + topP + " must be above 0 and at most 1, which is all tokens.");
        }
    }

    public static Sampling greedy() {
        return new Sampling(0, 0, 1, 0);
    }

    /** What may be drawn, the most likely first, and weights in proportion to the probabilities. */
    record Candidates(int[] ids, double[] weights) {}

    /** The token at this place of the text, 0 for the first that is drawn. */
    int pick(float[] logits, int place) {
        int best = Logits.argmax(logits);
        if (temperature == 0) {
            return best;
        }
        Candidates candidates = candidates(logits);
        double left = Rng.of(seed, 0, place).nextDouble() * sum(candidates.weights);
        for (int i = 0; i < candidates.ids.length; i++) {
            left -= candidates.weights[i];
            if (left < 0) {
                return candidates.ids[i];
            }
        }
        return best; // rounding alone comes here
    }

    Candidates candidates(float[] logits) {
        int[] ids = descending(logits);
        int n = topK == 0 ? ids.length : Math.min(topK, ids.length);
        double max = logits[ids[0]];
        double[] weights = new double[n];
        for (int i = 0; i < n; i++) {
            weights[i] = Math.exp((logits[ids[i]] - max) / temperature);
        }
        if (topP < 1) {
            double enough = topP * sum(weights);
            double mass = weights[0];
            int kept = 1;
            while (kept < n && mass < enough) {
                mass += weights[kept++];
            }
            n = kept;
        }
        return new Candidates(Arrays.copyOf(ids, n), Arrays.copyOf(weights, n));
    }

    /** All ids by falling logit, equal ones by rising id: sorted as longs of turned bits above and the id below, which needs no boxes. */
    private static int[] descending(float[] logits) {
        long[] keys = new long[logits.length];
        for (int i = 0; i < keys.length; i++) {
            int bits = Float.floatToIntBits(logits[i] + 0f); // −0 equals 0
            int rising = bits ^ ((bits >> 31) & Integer.MAX_VALUE);
            keys[i] = (long) ~rising << 32 | i;
        }
        Arrays.sort(keys);
        int[] ids = new int[keys.length];
        Arrays.setAll(ids, i -> (int) keys[i]);
        return ids;
    }

    private static double sum(double[] weights) {
        return Arrays.stream(weights).sum();
    }
}
