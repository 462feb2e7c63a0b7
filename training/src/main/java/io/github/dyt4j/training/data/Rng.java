package io.github.dyt4j.training.data;

import java.util.random.RandomGenerator;

/**
 * Random numbers as a function of a position, not of a history: {@code Rng.of(seed, epoch, index)} always starts the same stream, so a
 * run that resumes, or one with other threads, draws what the unbroken one drew. SplitMix64 (Steele, Lea, Flood 2014, "Fast splittable
 * pseudorandom number generators", figure 15); the start is its mixing function over the three numbers.
 */
public final class Rng implements RandomGenerator {
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    private long state;

    private Rng(long state) {
        this.state = state;
    }

    public static Rng of(long seed, long epoch, long index) {
        return new Rng(mix(mix(mix(seed + GOLDEN) + epoch + GOLDEN) + index + GOLDEN));
    }

    @Override
    public long nextLong() {
        state += GOLDEN;
        return mix(state);
    }

    /** Uniform in [low, high); low where the two are the same. */
    public double uniform(double low, double high) {
        return low + (high - low) * nextDouble();
    }

    /** True with this probability; 0 and 1 are never and always. */
    public boolean chance(double probability) {
        return nextDouble() < probability;
    }

    /** Beta(α, α), as X / (X + Y) of two Gamma(α, 1) draws. */
    public double beta(double alpha) {
        double x = gamma(alpha);
        double y = gamma(alpha);
        return x + y == 0 ? (nextBoolean() ? 1 : 0) : x / (x + y);
    }

    /** Gamma(α, 1) by Marsaglia and Tsang (2000); below 1 by their remark, Γ(α) = Γ(α + 1) · U^(1/α). */
    private double gamma(double alpha) {
        if (alpha < 1) {
            return gamma(alpha + 1) * Math.pow(nextDouble(), 1 / alpha);
        }
        double d = alpha - 1.0 / 3;
        double c = 1 / Math.sqrt(9 * d);
        while (true) {
            double x = nextGaussian();
            double v = Math.pow(1 + c * x, 3);
            if (v > 0 && Math.log(nextDouble()) < 0.5 * x * x + d - d * v + d * Math.log(v)) {
                return d * v;
            }
        }
    }

    /** A permutation of 0 … n-1 (Fisher and Yates). */
    public int[] permutation(int n) {
        int[] p = new int[n];
        for (int i = 0; i < n; i++) {
            int j = nextInt(i + 1);
            p[i] = p[j];
            p[j] = i;
        }
        return p;
    }

    private static long mix(long z) {
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
