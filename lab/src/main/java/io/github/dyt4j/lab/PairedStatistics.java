package io.github.dyt4j.lab;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * The arithmetic of a paired comparison: with dₖ = valueₖ − baselineₖ over n seeds, the interval is
 * mean(d) ± t(0.975, n − 1) · sd(d) / √n (Student 1908), sd with n − 1 below the line.
 *
 * <p>Pairs share the seed, so what a seed does to both (its initial weights, its order of the data) cancels in dₖ. An interval over
 * seeds says how another seed might turn out; {@link #bootstrap} says how another draw of test examples might.
 */
public final class PairedStatistics {
    /** Resamples of the test examples; the ends of the interval are then stable to about a tenth of its width. */
    static final int RESAMPLES = 10_000;

    private PairedStatistics() {}

    /** Mean and standard deviation over n values; the deviation is NaN below two. */
    public record Spread(int n, double mean, double sd) {
        public static Spread of(double... values) {
            double mean = Arrays.stream(values).average().orElse(Double.NaN);
            double squares =
                    Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum();
            return new Spread(
                    values.length, mean, values.length < 2 ? Double.NaN : Math.sqrt(squares / (values.length - 1)));
        }
    }

    /** A 95% interval; both ends NaN where it cannot be given. */
    public record Interval(double low, double high) {
        public static final Interval NONE = new Interval(Double.NaN, Double.NaN);

        public boolean known() {
            return !Double.isNaN(low) && !Double.isNaN(high);
        }

        public boolean covers(double x) {
            return known() && low <= x && x <= high;
        }
    }

    /** The mean of the paired differences over n seeds and its interval, which needs two. */
    public record Difference(int n, double mean, Interval interval) {}

    /** What may be said of a difference. */
    public enum Finding {
        BASELINE("baseline"),
        TOO_FEW_SEEDS("too few seeds to tell"),
        NO_DIFFERENCE("no difference seen"),
        BETTER("better"),
        WORSE("worse");

        private final String words;

        Finding(String words) {
            this.words = words;
        }

        public String words() {
            return words;
        }
    }

    /** valueₖ − baselineₖ; index k is the same seed in both. */
    public static Difference difference(double[] values, double[] baseline) {
        if (values.length != baseline.length) {
            throw new IllegalArgumentException(
                    values.length + " values against " + baseline.length + " of the baseline");
        }
        double[] d = new double[values.length];
        Arrays.setAll(d, k -> values[k] - baseline[k]);
        Spread s = Spread.of(d);
        if (s.n() < 2) {
            return new Difference(s.n(), s.mean(), Interval.NONE);
        }
        double half = TDistribution.of(s.n() - 1).inverseSurvivalProbability(0.025) * s.sd() / Math.sqrt(s.n());
        return new Difference(s.n(), s.mean(), new Interval(s.mean() - half, s.mean() + half));
    }

    /** Below three seeds nothing is claimed, however far apart the values lie. */
    public static Finding finding(Difference d, boolean higherIsBetter) {
        if (d.n() < 3 || !d.interval().known()) {
            return Finding.TOO_FEW_SEEDS;
        }
        if (d.interval().covers(0)) {
            return Finding.NO_DIFFERENCE;
        }
        return d.mean() > 0 == higherIsBetter ? Finding.BETTER : Finding.WORSE;
    }

    /**
     * Percentile bootstrap (Efron 1979) over test examples: the difference of every example, averaged over the seeds that both have, is
     * resampled with replacement. The generator is fixed, so the same runs give the same interval.
     *
     * @param values score of every test example by seed, (seeds, examples): 1 or 0 for right or wrong
     * @param baseline the same for the baseline; row k is the same seed
     */
    public static Interval bootstrap(double[][] values, double[][] baseline) {
        int seeds = values.length;
        int examples = seeds == 0 ? 0 : values[0].length;
        if (examples == 0 || baseline.length != seeds) {
            return Interval.NONE;
        }
        double[] d = new double[examples];
        for (int k = 0; k < seeds; k++) {
            if (values[k].length != examples || baseline[k].length != examples) {
                return Interval.NONE;
            }
            for (int i = 0; i < examples; i++) {
                d[i] += (values[k][i] - baseline[k][i]) / seeds;
            }
        }
        SplittableRandom random = new SplittableRandom(0x5eed);
        double[] means = new double[RESAMPLES];
        for (int r = 0; r < RESAMPLES; r++) {
            double sum = 0;
            for (int i = 0; i < examples; i++) {
                sum += d[random.nextInt(examples)];
            }
            means[r] = sum / examples;
        }
        Arrays.sort(means);
        return new Interval(quantile(means, 0.025), quantile(means, 0.975));
    }

    private static double quantile(double[] sorted, double p) {
        double at = p * (sorted.length - 1);
        int i = (int) at;
        return i + 1 < sorted.length ? sorted[i] + (at - i) * (sorted[i + 1] - sorted[i]) : sorted[i];
    }
}
