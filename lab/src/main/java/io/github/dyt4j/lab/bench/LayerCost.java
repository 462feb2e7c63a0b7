package io.github.dyt4j.lab.bench;

import io.github.dyt4j.lab.bench.Samples.Middle;

/**
 * What the norms of a model take: its pass minus the pass of the same model with identity in every norm slot, which is what Zhu et al.
 * (2025, appendix C) call a layer's latency. Here both passes are of one round, so that what else the machine does falls out.
 *
 * @param nanos of all norms together, a round each; negative where identity was slower in that round
 * @param shares of the whole pass, a round each
 */
@SuppressWarnings("ArrayRecordComponent")
record LayerCost(double[] nanos, double[] shares) {
    static LayerCost of(double[] pass, double[] identity) {
        double[] nanos = Samples.differences(pass, identity);
        return new LayerCost(nanos, Samples.ratios(nanos, pass));
    }

    /** The median of the rounds, and how far they lie apart: a spread of 1 or more cannot be told from nothing. */
    Middle middle() {
        return Middle.of(nanos);
    }

    /**
     * What {@code to} norms would take where {@code from} were measured. What comes once with them, however many there are, is not
     * multiplied.
     *
     * @param once its nanoseconds, a round each; zeros where there is no such thing
     */
    double[] scaled(int from, int to, double[] once) {
        double[] each = Samples.times(Samples.differences(nanos, once), (double) to / from);
        return Samples.differences(each, Samples.times(once, -1));
    }
}
