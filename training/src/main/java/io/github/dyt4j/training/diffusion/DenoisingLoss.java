package io.github.dyt4j.training.diffusion;

import io.github.dyt4j.models.DiffusionTransformer;
import io.github.dyt4j.torch.Tensors;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * What a denoiser is trained for: {@code ‖ε − ε_θ(x_t, t, y)‖²}, mean over values (Ho et al. 2020, eq. 14), and for a learned variance
 * {@code Σ = exp(v·log β + (1 − v)·log β̃)} the bound's term of timestep t in bits a value, of which the mean gets no gradient (Nichol and
 * Dhariwal 2021, eq. 15 and 16, with λ = 1 as Peebles and Xie 2022 have it).
 *
 * <p>With the same noise in both means, the term is {@code ½(r − 1 + e^(−r)·(1 + w·(ε − ε_θ)²))}, r the place of log Σ above log β̃: no mean
 * is ever computed. At t = 0 it is the likelihood of pixels of 256 levels (Ho et al. 2020, eq. 13).
 */
public final class DenoisingLoss {
    private static final NoiseSchedule SCHEDULE = NoiseSchedule.linear();
    private static final double BITS = 1 / Math.log(2);

    /**
     * The two terms.
     *
     * @param squared of each example (B)
     * @param bound of each example (B), in bits a value; null where the variance is not learned
     */
    public record Terms(Tensor squared, @Nullable Tensor bound) {
        /** Their sum, of each example (B). */
        public Tensor examples() {
            return bound == null ? squared : squared.add(bound);
        }

        /** Their sum, mean over the examples: one value. */
        public Tensor mean() {
            return examples().mean();
        }
    }

    private DenoisingLoss() {}

    /** x_t, what the model is given: √ᾱ_t·x_0 + √(1 − ᾱ_t)·ε. */
    public static Tensor noised(Tensor start, long[] t, Tensor noise) { // (B, C, H, W)
        return SCHEDULE.noised(start, t, noise);
    }

    /**
     * Of a batch noised to its timesteps.
     *
     * @param start x_0 (B, C, H, W)
     * @param t (B), of 0 to 999
     * @param y (B) i64, with the null class where the class was dropped
     * @param noise ε, as start
     */
    public static Terms of(DiffusionTransformer model, Tensor start, long[] t, Tensor y, Tensor noise) {
        Tensor output = model.forward(noised(start, t, noise), Tensors.of(t, t.length), y)
                .to(ScalarType.Float);
        long channels = start.size(1);
        if (!model.config().learnSigma()) {
            return new Terms(perExample(output.sub(noise).square()), null);
        }
        Tensor error = output.narrow(1, 0, channels).sub(noise);
        Tensor squared = error.square();
        Tensor place = output.narrow(1, channels, channels);
        return new Terms(perExample(squared), bound(error.detach(), squared.detach(), place, t, start));
    }

    private static Tensor bound(Tensor error, Tensor squared, Tensor place, long[] t, Tensor start) {
        Tensor half = NoiseSchedule.gathered(t, i -> (SCHEDULE.mostLogVariance(i) - SCHEDULE.leastLogVariance(i)) / 2);
        Tensor r = torch.addcmul(half, place, half); // (B, C, H, W): from 0 to twice the half for a place in (−1, 1)
        Tensor weight = NoiseSchedule.gathered(t, i -> {
            double moved = SCHEDULE.meanOfStart(i) * SCHEDULE.startOfNoise(i);
            return moved * moved * Math.exp(-SCHEDULE.leastLogVariance(i));
        });
        Tensor variances = squared.mul(weight).add_(new Scalar(1)).mul(r.neg().exp());
        Tensor divergence = perExample(r.add(variances).sub(new Scalar(1))).mul(new Scalar(BITS / 2)); // (B)
        long[] first = IntStream.range(0, t.length)
                .filter(i -> t[i] == 0)
                .asLongStream()
                .toArray();
        if (first.length == 0) {
            return divergence;
        }
        Tensor rows = Tensors.of(first, first.length);
        Tensor logVariance = r.index_select(0, rows).add(new Scalar(SCHEDULE.leastLogVariance(0)));
        Tensor away = error.index_select(0, rows).mul(new Scalar(SCHEDULE.startOfNoise(0))); // x_0 less the mean
        Tensor bits = perExample(pixelBits(start.index_select(0, rows), away, logVariance));
        return divergence.index_copy(0, rows, bits);
    }

    /** −log2 of a Gaussian's mass within half a level of 256 in [−1, 1], the outermost levels open to the side. */
    private static Tensor pixelBits(Tensor x, Tensor away, Tensor logVariance) {
        Tensor precision = logVariance.mul(new Scalar(-0.5)).exp();
        Tensor upper = cdf(away.add(new Scalar(1.0 / 255)).mul(precision));
        Tensor lower = cdf(away.sub(new Scalar(1.0 / 255)).mul(precision));
        Tensor inside = torch.where(x.gt(new Scalar(0.999)), lower.neg().add(new Scalar(1)), upper.sub(lower));
        Tensor mass = torch.where(x.lt(new Scalar(-0.999)), upper, inside);
        return mass.clamp(new ScalarOptional(new Scalar(1e-12)), new ScalarOptional())
                .log()
                .mul(new Scalar(-BITS));
    }

    /** Φ by tanh, as GELU's. */
    private static Tensor cdf(Tensor z) {
        Tensor inner = z.add(z.pow(new Scalar(3)).mul(new Scalar(0.044715)));
        return inner.mul(new Scalar(Math.sqrt(2 / Math.PI)))
                .tanh()
                .add(new Scalar(1))
                .mul(new Scalar(0.5));
    }

    private static Tensor perExample(Tensor values) { // (B, C, H, W)
        return values.flatten(1, -1).mean(1); // (B)
    }
}
