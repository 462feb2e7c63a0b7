package io.github.dyt4j.training.diffusion;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.models.DiffusionTransformer;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.util.Arrays;
import java.util.Locale;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * How images are drawn: from noise down the schedule, a reverse step at a time, with classifier-free guidance {@code ε = ε_∅ + s·(ε_y − ε_∅)}
 * (Ho and Salimans 2022, eq. 6, in the authors' weighting; Peebles and Xie 2022, section 3.1), on every channel of ε. The published code of DiT
 * guides the first three of a latent's four channels by default; for pixels both are the same. The variance is that of the pass with class.
 *
 * @param steps of the schedule, evenly spaced, 2 to 1000
 * @param scale s of the guidance, 0 to 100; 1 is none, and costs half
 * @param clip whether each estimate of x_0 is kept in [−1, 1]: for pixels, not for latents
 */
public record Sampler(Kind kind, int steps, double scale, boolean clip) {
    private static final double LARGEST_SCALE = 100;

    /** What a reverse step is. */
    public enum Kind {
        /** Without chance: {@code √ᾱ_{t−1}·x_0 + √(1 − ᾱ_{t−1})·ε} (Song et al. 2020, eq. 12 with σ = 0). */
        DDIM,
        /** From the posterior, its variance learned, or β where it is not (Ho et al. 2020, algorithm 2). */
        DDPM;

        /** As a recipe names it. */
        public static Kind of(String name) {
            return valueOf(name.toUpperCase(Locale.ROOT));
        }
    }

    /** Where noise comes from: standard normal, as x each time. */
    @FunctionalInterface
    public interface Noise {
        Tensor next();
    }

    /** @throws UserError where steps or scale are out of their range */
    public Sampler {
        if (!(scale >= 0 && scale <= LARGEST_SCALE)) {
            throw new UserError("A guidance scale of " + scale
                    + ": it is a number from 0 to 100. 1 is no guidance, 1.5 and 4 are usual.");
        }
        NoiseSchedule.spaced(steps);
    }

    /**
     * Draws an image for each label.
     *
     * @param y (B) i64
     * @param noise asked once for the first x and, with {@link Kind#DDPM}, once a step but for the last
     * @return (B, C, H, W) f32, of the innermost scope that is open
     * @throws UserError where guidance is asked of a model without a null class
     */
    public Tensor draw(DiffusionTransformer model, Tensor y, Noise noise) {
        requireClassless(model.config());
        NoiseSchedule schedule = NoiseSchedule.spaced(steps);
        try (var _ = Grad.off()) {
            Tensor x = noise.next().clone(); // (B, C, H, W)
            for (int i = schedule.steps() - 1; i >= 0; i--) {
                try (var _ = new Scope()) {
                    x.copy_(step(model, schedule, i, x, y, noise));
                }
            }
            return x;
        }
    }

    /** @throws UserError where guidance is asked of a model without a null class */
    public void requireClassless(DiffusionTransformer.Config model) {
        if (scale != 1 && !model.hasNullClass()) {
            throw new UserError(
                    "A guidance scale of " + scale + " needs a model that was trained without its class now and then,"
                            + " and this one has class_dropout_prob 0.\nTake 1, or train with class_dropout_prob 0.1.");
        }
    }

    private Tensor step(DiffusionTransformer model, NoiseSchedule s, int i, Tensor x, Tensor y, Noise noise) {
        Tensor output = guided(model, s.timestep(i), x, y);
        long channels = x.size(1);
        Tensor eps = output.narrow(1, 0, channels);
        Tensor start = x.sub(eps.mul(new Scalar(Math.sqrt(1 - s.bar(i))))).mul(new Scalar(1 / Math.sqrt(s.bar(i))));
        if (clip) {
            start = start.clamp(new ScalarOptional(new Scalar(-1)), new ScalarOptional(new Scalar(1)));
        }
        if (kind == Kind.DDIM) {
            // Of what was clipped: else x would hold noise that start says is not there.
            Tensor left = clip
                    ? x.sub(start.mul(new Scalar(Math.sqrt(s.bar(i))))).mul(new Scalar(1 / Math.sqrt(1 - s.bar(i))))
                    : eps;
            return start.mul(new Scalar(Math.sqrt(s.barBefore(i))))
                    .add(left, new Scalar(Math.sqrt(1 - s.barBefore(i))));
        }
        Tensor mean = start.mul(new Scalar(s.meanOfStart(i))).add(x, new Scalar(s.meanOfNoised(i)));
        return i == 0 ? mean : mean.add(deviation(output, channels, s, i).mul(noise.next()));
    }

    private static Tensor deviation(Tensor output, long channels, NoiseSchedule s, int i) {
        if (output.size(1) == channels) {
            return Tensors.full(Math.sqrt(s.beta(i)), 1);
        }
        double least = s.leastLogVariance(i);
        double half = (s.mostLogVariance(i) - least) / 2;
        Tensor logVariance =
                output.narrow(1, channels, channels).mul(new Scalar(half)).add_(new Scalar(least + half));
        return logVariance.mul_(new Scalar(0.5)).exp_();
    }

    private Tensor guided(DiffusionTransformer model, int timestep, Tensor x, Tensor y) {
        int b = Math.toIntExact(x.size(0));
        if (scale == 1) {
            return model.forward(x, times(timestep, b), y).to(ScalarType.Float);
        }
        Tensor nobody = torch.full_like(y, new Scalar(model.nullClass()));
        Tensor both = model.forward(
                        torch.cat(new TensorVector(x, x), 0),
                        times(timestep, 2 * b),
                        torch.cat(new TensorVector(y, nobody), 0))
                .to(ScalarType.Float); // (2·B, C or 2·C, H, W)
        long channels = x.size(1);
        Tensor with = both.narrow(0, 0, b);
        Tensor without = both.narrow(0, b, b).narrow(1, 0, channels);
        Tensor eps = torch.lerp(without, with.narrow(1, 0, channels), new Scalar(scale));
        return both.size(1) == channels ? eps : torch.cat(new TensorVector(eps, with.narrow(1, channels, channels)), 1);
    }

    private static Tensor times(int timestep, int b) {
        long[] t = new long[b];
        Arrays.fill(t, timestep);
        return Tensors.of(t, b);
    }
}
