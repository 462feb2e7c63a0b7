package io.github.dyt4j.lab;

import io.github.dyt4j.lab.ReportData.Fit;

/** The a·tanh(b·x) nearest to points in least squares: for each b the best a is ⟨y, t⟩/⟨t, t⟩ with t = tanh(b·x), and b is searched. */
final class TanhFit {
    private static final int GRID = 60;

    private TanhFit() {}

    /** The layer's own function, held against the points. */
    static Fit exact(double alpha, double[] x, double[] y) {
        return new Fit(1, alpha, true, r2(1, alpha, x, y), lineR2(x, y));
    }

    static Fit of(double[] x, double[] y) {
        double scale = Math.sqrt(dot(x, x) / Math.max(1, x.length));
        if (scale == 0) {
            return new Fit(0, 1, false, 1, 1);
        }
        // From nearly straight over all x to a step: a coarse grid first, since the error has more than one valley.
        double best = 0;
        double least = Double.POSITIVE_INFINITY;
        for (int i = 0; i <= GRID; i++) {
            double log = Math.log(0.01) + (Math.log(30) - Math.log(0.01)) * i / GRID;
            double error = error(Math.exp(log) / scale, x, y);
            if (error < least) {
                least = error;
                best = log;
            }
        }
        double step = (Math.log(30) - Math.log(0.01)) / GRID;
        double low = best - step;
        double high = best + step;
        double golden = (Math.sqrt(5) - 1) / 2;
        for (int i = 0; i < 40; i++) {
            double l = high - golden * (high - low);
            double r = low + golden * (high - low);
            if (error(Math.exp(l) / scale, x, y) < error(Math.exp(r) / scale, x, y)) {
                high = r;
            } else {
                low = l;
            }
        }
        double b = Math.exp((low + high) / 2) / scale;
        double a = amplitude(b, x, y);
        return new Fit(a, b, false, r2(a, b, x, y), lineR2(x, y));
    }

    private static double amplitude(double b, double[] x, double[] y) {
        double ty = 0;
        double tt = 0;
        for (int i = 0; i < x.length; i++) {
            double t = Math.tanh(b * x[i]);
            ty += t * y[i];
            tt += t * t;
        }
        return tt == 0 ? 0 : ty / tt;
    }

    private static double error(double b, double[] x, double[] y) {
        return squares(amplitude(b, x, y), b, x, y);
    }

    private static double squares(double a, double b, double[] x, double[] y) {
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            double d = y[i] - a * Math.tanh(b * x[i]);
            sum += d * d;
        }
        return sum;
    }

    private static double r2(double a, double b, double[] x, double[] y) {
        return 1 - squares(a, b, x, y) / variation(y);
    }

    private static double lineR2(double[] x, double[] y) {
        double xx = dot(x, x);
        double slope = xx == 0 ? 0 : dot(x, y) / xx;
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += (y[i] - slope * x[i]) * (y[i] - slope * x[i]);
        }
        return 1 - sum / variation(y);
    }

    private static double variation(double[] y) {
        double mean = 0;
        for (double v : y) {
            mean += v / y.length;
        }
        double sum = 0;
        for (double v : y) {
            sum += (v - mean) * (v - mean);
        }
        return sum == 0 ? 1 : sum;
    }

    private static double dot(double[] x, double[] y) {
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += x[i] * y[i];
        }
        return sum;
    }
}
