package io.github.dyt4j.lab.bench;

import java.util.Arrays;

/** What is said of repeated measurements: order statistics, since times have a long tail on one side. */
final class Samples {
    private Samples() {}

    /** The median and half the distance of the 10th from the 90th percentile, over the median. */
    record Middle(double median, double spread) {
        static Middle of(double... values) {
            double median = Samples.median(values);
            return new Middle(median, (quantile(0.9, values) - quantile(0.1, values)) / 2 / Math.abs(median));
        }
    }

    static double median(double... values) {
        return quantile(0.5, values);
    }

    /** Linear between neighbours, as numpy's default. */
    static double quantile(double q, double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        double at = q * (sorted.length - 1);
        int below = (int) at;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (at - below) * (sorted[above] - sorted[below]);
    }

    /** a/b, pair by pair. */
    static double[] ratios(double[] a, double[] b) {
        double[] r = new double[a.length];
        Arrays.setAll(r, i -> a[i] / b[i]);
        return r;
    }

    static double[] times(double[] a, double factor) {
        return Arrays.stream(a).map(v -> v * factor).toArray();
    }

    /** a − b, pair by pair. */
    static double[] differences(double[] a, double[] b) {
        double[] d = new double[a.length];
        Arrays.setAll(d, i -> a[i] - b[i]);
        return d;
    }
}
