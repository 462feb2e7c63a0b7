package io.github.dyt4j.training.diffusion;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Tensors;
import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * How noise comes in, {@code q(x_t | x_0) = N(√ᾱ_t·x_0, (1 − ᾱ_t)·I)} with ᾱ_t = Π (1 − β_s), and the posterior that undoes a step (Ho et al.
 * 2020, eq. 4, 6 and 7). β rises in equal steps from 1e-4 to 0.02 over 1000 timesteps. A schedule of fewer steps keeps ᾱ at the timesteps that
 * it keeps (Nichol and Dhariwal 2021, section 4). All in f64.
 */
public final class NoiseSchedule {
    /** Timesteps of training. */
    public static final int TIMESTEPS = 1000;

    private static final double FIRST_BETA = 1e-4;
    private static final double LAST_BETA = 0.02;

    private final int[] timesteps;
    private final double[] bar;
    private final double[] barBefore;
    private final double[] beta;
    private final double[] posteriorVariance;

    private NoiseSchedule(int[] timesteps, double[] bar) {
        this.timesteps = timesteps;
        this.bar = bar;
        barBefore = each(i -> i == 0 ? 1 : bar[i - 1]);
        beta = each(i -> 1 - bar[i] / barBefore[i]);
        posteriorVariance = each(i -> beta[i] * (1 - barBefore[i]) / (1 - bar[i]));
    }

    /** The schedule of training. */
    public static NoiseSchedule linear() {
        double[] bar = new double[TIMESTEPS];
        double product = 1;
        for (int i = 0; i < TIMESTEPS; i++) {
            product *= 1 - (FIRST_BETA + i * (LAST_BETA - FIRST_BETA) / (TIMESTEPS - 1));
            bar[i] = product;
        }
        return new NoiseSchedule(IntStream.range(0, TIMESTEPS).toArray(), bar);
    }

    /**
     * The schedule of training cut to so many steps, at even distances from the first timestep to the last (halves to the even number).
     *
     * @throws UserError unless there are 2 to 1000
     */
    public static NoiseSchedule spaced(int steps) {
        if (steps < 2 || steps > TIMESTEPS) {
            throw new UserError("A sampler of " + steps + " steps: it takes 2 at least, and not more than the "
                    + TIMESTEPS + " of training. 50 are usual.");
        }
        NoiseSchedule whole = linear();
        double stride = (TIMESTEPS - 1.0) / (steps - 1);
        int[] kept = new int[steps];
        double at = 0;
        for (int i = 0; i < steps; i++) {
            kept[i] = (int) Math.rint(at);
            at += stride;
        }
        return new NoiseSchedule(
                kept, Arrays.stream(kept).mapToDouble(t -> whole.bar[t]).toArray());
    }

    public int steps() {
        return timesteps.length;
    }

    /** The timestep of training that step i stands at. */
    public int timestep(int i) {
        return timesteps[i];
    }

    /** ᾱ after step i. */
    double bar(int i) {
        return bar[i];
    }

    /** ᾱ before step i; 1 before the first. */
    double barBefore(int i) {
        return barBefore[i];
    }

    double beta(int i) {
        return beta[i];
    }

    /** The logarithm of the posterior's variance, the least that a reverse step can have; at the first step, where it is 0, the second's. */
    double leastLogVariance(int i) {
        return Math.log(posteriorVariance[Math.max(i, 1)]);
    }

    /** log β, the most that a reverse step can have. */
    double mostLogVariance(int i) {
        return Math.log(beta[i]);
    }

    /** How much of x_0 is in the posterior's mean: √ᾱ_{t−1}·β/(1 − ᾱ). */
    double meanOfStart(int i) {
        return beta[i] * Math.sqrt(barBefore[i]) / (1 - bar[i]);
    }

    /** How much of x_t is in the posterior's mean: √α·(1 − ᾱ_{t−1})/(1 − ᾱ). */
    double meanOfNoised(int i) {
        return (1 - barBefore[i]) * Math.sqrt(1 - beta[i]) / (1 - bar[i]);
    }

    /** √(1/ᾱ − 1): by how much an error of the noise moves x_0. */
    double startOfNoise(int i) {
        return Math.sqrt(1 / bar[i] - 1);
    }

    /** x_t = √ᾱ·x_0 + √(1 − ᾱ)·ε. */
    Tensor noised(Tensor start, long[] t, Tensor noise) { // (B, C, H, W)
        Tensor kept = start.mul(gathered(t, i -> Math.sqrt(bar[i])));
        return torch.addcmul(kept, noise, gathered(t, i -> Math.sqrt(1 - bar[i])));
    }

    /** A number of each example's own step: (B, 1, 1, 1) f32. */
    static Tensor gathered(long[] t, IntToDoubleFunction number) {
        float[] values = new float[t.length];
        for (int i = 0; i < t.length; i++) {
            values[i] = (float) number.applyAsDouble((int) t[i]);
        }
        return Tensors.of(values, t.length, 1, 1, 1);
    }

    private double[] each(IntToDoubleFunction number) {
        return IntStream.range(0, bar.length).mapToDouble(number).toArray();
    }
}
