package io.github.dyt4j.lab;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the charts of a report are drawn from, beside the {@link Results}. Pairs are {x, y}.
 *
 * @param example what an example is: image or sequence
 * @param stepsPerEpoch 0 where unknown
 * @param trainBin steps of which a point of a training curve is the mean
 */
@SuppressWarnings("ArrayRecordComponent") // written out, never compared
record ReportData(
        Metric metric, String lossName, String example, double stepsPerEpoch, int trainBin, List<Norm> norms) {
    /** @param perplexity whether e to the value is one */
    record Metric(String name, String unit, boolean higherIsBetter, int digits, boolean perplexity) {}

    /**
     * @param parameters that are trained; 0 where not known yet
     * @param bitsPerByte the value in bits a byte of text, mean over seeds; null where examples are not text
     * @param ruleNotes what the family's rule for this norm changed beside the norm
     */
    record Norm(
            String spec,
            String label,
            boolean baseline,
            Results.Summary summary,
            List<SeedValue> differences,
            List<Curve> curves,
            List<SiteHistory> sites,
            List<SitePoints> taps,
            List<Start> starts,
            long parameters,
            @Nullable Double bitsPerByte,
            List<String> ruleNotes) {}

    record SeedValue(int seed, double value) {}

    /** One run: {step, training loss} and {step, test metric}. */
    record Curve(int seed, double[][] train, double[][] test) {}

    /** α and 1/std of the input of one site through training, by seed. */
    record SiteHistory(String name, String site, List<SeedHistory> seeds) {}

    /** {step, α, 1/std}; α null where the norm has none. */
    record SeedHistory(int seed, @Nullable Double[][] points) {
        @JsonIgnore
        @Nullable
        Double[] first() {
            return points[0];
        }

        @JsonIgnore
        @Nullable
        Double[] last() {
            return points[points.length - 1];
        }
    }

    /** Input against output before the affine at one site, and the tanh that runs through it. */
    record SitePoints(String name, String site, Fit fit, List<TokenPoints> tokens) {}

    record TokenPoints(String label, double[][] points) {}

    /**
     * a·tanh(b·x).
     *
     * @param exact it is the layer's own function, with its α, not a fit
     * @param r2 share of the output's variance that it explains
     * @param lineR2 the same of the best straight line through the origin
     */
    record Fit(double a, double b, boolean exact, double r2, double lineR2) {}

    /** What a calibrated start set at one site, one run. */
    record Start(
            int seed, String name, double alpha, @Nullable Double gamma) {}
}
