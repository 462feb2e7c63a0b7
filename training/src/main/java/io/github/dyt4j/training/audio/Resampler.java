package io.github.dyt4j.training.audio;

import java.math.BigInteger;

/**
 * Another sample rate: y[m] = Σ_n x[n]·h(m·from/to − n) with h(t) = 2c·sinc(2c·t)·kaiser(t/T), a low-pass of cut-off c = 0.95/2·min(1, to/from) cycles an input
 * sample whose window ends at T = 64/min(1, to/from) samples with β = 10.06 (Kaiser's rule for 100 dB; Oppenheim and Schafer, "Discrete-Time Signal Processing", section 7.6).
 * The ratio is rational, up/down in lowest terms, so {@code up} sets of taps (the phases) do for all m; each sums to 1, so a constant stays one. Before and after the clip
 * is silence.
 *
 * <p>With f the lower of the two Nyquist frequencies: up to 0.9·f the gain is within 0.0005 dB of 1, from f on the attenuation is at least 95 dB (its tests measure
 * both with tones).
 */
final class Resampler {
    private static final double ROLL_OFF = 0.95;
    private static final int ZEROS = 64;
    private static final double BETA = 10.06;

    private final int up;
    private final int down;
    private final int half;
    private final float[][] phases;

    /** Rates in samples a second. */
    Resampler(int from, int to) {
        int common = BigInteger.valueOf(from).gcd(BigInteger.valueOf(to)).intValue();
        up = to / common;
        down = from / common;
        double narrower = Math.min(1.0, (double) up / down);
        half = (int) Math.ceil(ZEROS / narrower);
        phases = new float[up == down ? 0 : up][];
        for (int p = 0; p < phases.length; p++) {
            phases[p] = taps((double) p / up, ROLL_OFF * narrower);
        }
    }

    /** Weights of the input samples −half + 1 … half about an output that lies {@code offset} after sample 0; {@code cut} is 2c. */
    private float[] taps(double offset, double cut) {
        double[] taps = new double[2 * half];
        double sum = 0;
        for (int k = 0; k < taps.length; k++) {
            double t = k - half + 1 - offset;
            taps[k] = sinc(cut * t) * kaiser(t / half);
            sum += taps[k];
        }
        float[] normal = new float[taps.length];
        for (int k = 0; k < taps.length; k++) {
            normal[k] = (float) (taps[k] / sum);
        }
        return normal;
    }

    private static double sinc(double x) {
        return x == 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x);
    }

    /** I0(β·√(1 − u²)) / I0(β) in [−1, 1], 0 outside. */
    private static double kaiser(double u) {
        return Math.abs(u) >= 1 ? 0 : bessel(BETA * Math.sqrt(1 - u * u)) / bessel(BETA);
    }

    /** I0(x) = Σ ((x/2)^k / k!)². */
    private static double bessel(double x) {
        double sum = 1;
        double term = 1;
        for (int k = 1; term > 1e-17 * sum; k++) {
            term *= x / (2 * k) * (x / (2 * k));
            sum += term;
        }
        return sum;
    }

    /** Samples that so many become: ⌈n·to/from⌉. */
    long length(long samples) {
        return Math.ceilDiv(samples * up, (long) down);
    }

    /** The same samples where the rates agree. */
    float[] apply(float[] x) {
        if (up == down) {
            return x;
        }
        float[] y = new float[Math.toIntExact(length(x.length))];
        for (int m = 0; m < y.length; m++) {
            long position = (long) m * down;
            float[] taps = phases[(int) (position % up)];
            int first = (int) (position / up) - half + 1;
            int from = Math.max(0, -first);
            int to = Math.min(taps.length, x.length - first);
            double sum = 0;
            for (int k = from; k < to; k++) {
                sum += (double) taps[k] * x[first + k];
            }
            y[m] = (float) sum;
        }
        return y;
    }
}
