package io.github.dyt4j.lab.llm;

import io.github.dyt4j.formats.UserError;

/** What is asked of one position's logits (V), whoever asks. */
final class Logits {
    private Logits() {}

    /**
     * The id of the largest logit, of equal ones the lowest.
     *
     * @throws UserError if one is NaN or +∞, or all are −∞: the weights are broken
     */
    static int argmax(float[] logits) {
        int best = 0;
        boolean finite = true;
        for (int i = 0; i < logits.length; i++) {
            finite &= logits[i] < Float.POSITIVE_INFINITY;
            if (logits[i] > logits[best]) {
                best = i;
            }
        }
        if (!finite || logits[best] == Float.NEGATIVE_INFINITY) {
            throw new UserError("The model's logits are not finite: its training diverged or its weights are broken."
                    + " Take an earlier checkpoint.");
        }
        return best;
    }

    /** log p(id) = z_id − max z − log Σ exp(z − max z), in f64. */
    static double logProbability(float[] logits, int id) {
        double max = logits[argmax(logits)];
        double sum = 0;
        for (float z : logits) {
            sum += Math.exp(z - max);
        }
        return logits[id] - max - Math.log(sum);
    }
}
