package io.github.dyt4j.torch;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * AdamW (Loshchilov and Hutter 2019), as torch.optim.AdamW computes it: {@code p ← p·(1 − η·λ)}, {@code m ← β1·m + (1 − β1)·g},
 * {@code v ← β2·v + (1 − β2)·g²}, {@code p ← p − η/(1 − β1ᵗ) · m / (√v/√(1 − β2ᵗ) + ε)}.
 */
public final class AdamW implements AutoCloseable {
    /** Parameters that share a weight decay λ. */
    public record Group(SequencedMap<String, Tensor> parameters, double weightDecay) {}

    private record Moments(Tensor parameter, double weightDecay, Tensor mean, Tensor square) {}

    private final SequencedMap<String, Moments> moments = new LinkedHashMap<>();
    private final double beta1;
    private final double beta2;
    private final double eps;
    private long steps;

    public AdamW(List<Group> groups, double beta1, double beta2, double eps) {
        this.beta1 = beta1;
        this.beta2 = beta2;
        this.eps = eps;
        for (Group group : groups) {
            group.parameters()
                    .forEach((name, p) -> moments.put(name, new Moments(p, group.weightDecay(), zeros(p), zeros(p))));
        }
    }

    private static Tensor zeros(Tensor like) {
        try (var _ = Grad.off()) {
            return Scope.keep(torch.zeros_like(like));
        }
    }

    /** One step down the gradients, with learning rate η; a parameter without a gradient stays. */
    public void step(double lr) {
        steps++;
        try (var _ = new Scope();
                var _ = Grad.off()) {
            double root = Math.sqrt(1 - Math.pow(beta2, steps));
            // A Scalar costs as much as a small operation, so they are made once a step.
            Scalar one1 = new Scalar(1 - beta1);
            Scalar keep2 = new Scalar(beta2);
            Scalar one2 = new Scalar(1 - beta2);
            Scalar inverseRoot = new Scalar(1 / root);
            Scalar epsilon = new Scalar(eps);
            Scalar minusRate = new Scalar(-lr / (1 - Math.pow(beta1, steps)));
            for (Moments m : moments.values()) {
                Tensor g = m.parameter.grad();
                if (!g.defined()) {
                    continue;
                }
                if (m.weightDecay != 0) {
                    m.parameter.mul_(new Scalar(1 - lr * m.weightDecay));
                }
                m.mean.lerp_(g, one1);
                m.square.mul_(keep2).addcmul_(g, g, one2);
                Tensor denominator = m.square.sqrt().mul_(inverseRoot).add_(epsilon);
                m.parameter.addcdiv_(m.mean, denominator, minusRate);
            }
        }
    }

    /** How many steps were taken. */
    public long steps() {
        return steps;
    }

    /** The moments by name, {@code exp_avg.NAME} and {@code exp_avg_sq.NAME}: the optimizer's own tensors. */
    public SequencedMap<String, Tensor> state() {
        SequencedMap<String, Tensor> state = new LinkedHashMap<>();
        moments.forEach((name, m) -> {
            state.put("exp_avg." + name, m.mean);
            state.put("exp_avg_sq." + name, m.square);
        });
        return state;
    }

    /** Goes on after {@code steps} steps; the moments are loaded into {@link #state}'s tensors. */
    public void resumeAt(long steps) {
        this.steps = steps;
    }

    /** The parameters with the weight decay of each, by name: what a recipe's groups came to. */
    public Map<String, Double> weightDecays() {
        Map<String, Double> decays = new LinkedHashMap<>();
        moments.forEach((name, m) -> decays.put(name, m.weightDecay));
        return decays;
    }

    /**
     * Scales all gradients down so that their joint 2-norm is at most {@code maxNorm}, as torch.nn.utils.clip_grad_norm_; returns the norm
     * before. With {@code maxNorm} of 0 it only measures.
     */
    public static double clipGradients(Iterable<Tensor> parameters, double maxNorm) {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            List<Tensor> gradients = new ArrayList<>();
            double sum = 0;
            for (Tensor p : parameters) {
                Tensor g = p.grad();
                if (g.defined()) {
                    gradients.add(g);
                    double norm = g.norm().item_double();
                    sum += norm * norm;
                }
            }
            double total = Math.sqrt(sum);
            double coefficient = maxNorm / (total + 1e-6);
            if (maxNorm > 0 && coefficient < 1) {
                Scalar scale = new Scalar(coefficient);
                gradients.forEach(g -> g.mul_(scale));
            }
            return total;
        }
    }

    @Override
    public void close() {
        moments.values().forEach(m -> {
            Scope.release(m.mean);
            Scope.release(m.square);
        });
        moments.clear();
    }
}
