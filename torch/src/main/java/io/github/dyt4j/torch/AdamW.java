package io.github.dyt4j.torch;

import io.github.dyt4j.kernels.AdamWCall;
import io.github.dyt4j.kernels.Kernels;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * AdamW (Loshchilov and Hutter 2019), as torch.optim.AdamW computes it: {@code p ← p·(1 − η·λ)}, {@code m ← β1·m + (1 − β1)·g},
 * {@code v ← β2·v + (1 − β2)·g²}, {@code p ← p − η/(1 − β1ᵗ) · m / (√v/√(1 − β2ᵗ) + ε)}. The
 * t of a parameter counts its own steps, those in which it had a gradient: one that was frozen at the start begins at 1 when it thaws.
 */
public final class AdamW implements Optimizer {
    /** Parameters that share a weight decay λ and, where the learning rate goes by layers, its share {@code lrScale} of a step's η. */
    public record Group(SequencedMap<String, Tensor> parameters, double weightDecay, double lrScale) {
        public Group(SequencedMap<String, Tensor> parameters, double weightDecay) {
            this(parameters, weightDecay, 1);
        }
    }

    private static final class Moments {
        final Tensor parameter;
        final Group group;
        final Tensor mean;
        final Tensor square;
        long steps;

        Moments(Tensor parameter, Group group) {
            this.parameter = parameter;
            this.group = group;
            mean = zeros(parameter);
            square = zeros(parameter);
        }
    }

    private final SequencedMap<String, Moments> moments = new LinkedHashMap<>();
    private final double beta1;
    private final double beta2;
    private final double eps;
    private long steps;
    private double scale = 1;

    public AdamW(List<Group> groups, double beta1, double beta2, double eps) {
        this.beta1 = beta1;
        this.beta2 = beta2;
        this.eps = eps;
        for (Group group : groups) {
            group.parameters().forEach((name, p) -> moments.put(name, new Moments(p, group)));
        }
    }

    private static Tensor zeros(Tensor like) {
        try (var _ = Grad.off()) {
            return Scope.keep(torch.zeros_like(like));
        }
    }

    /**
     * Measures the joint 2-norm of all gradients; where it is above {@code maxNorm}, the next step goes by gradients scaled down to that, as after
     * torch.nn.utils.clip_grad_norm_. They themselves stay, so that no pass over memory is spent on them. With {@code maxNorm} of 0 it only
     * measures.
     *
     * @return the norm
     */
    @Override
    public double clip(double maxNorm) {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            double sum = 0;
            for (Moments m : moments.values()) {
                Tensor g = m.parameter.grad();
                if (g.defined()) {
                    sum += squares(g);
                }
            }
            double norm = Math.sqrt(sum);
            double coefficient = maxNorm / (norm + 1e-6);
            scale = maxNorm > 0 && coefficient < 1 ? coefficient : 1;
            return norm;
        }
    }

    private static double squares(Tensor g) {
        if (fused(g)) {
            double sum = Kernels.adamW().squares(g.numel(), Memory.address(g));
            Memory.keepAlive(g);
            return sum;
        }
        double norm = g.norm().item_double();
        return norm * norm;
    }

    /** One step down the gradients, with learning rate η; a parameter without a gradient stays. */
    public void step(double lr) {
        step(lr, 1);
    }

    /** The same with every group's weight decay times {@code decay}. */
    @Override
    public void step(double lr, double decay) {
        steps++;
        try (var _ = new Scope();
                var _ = Grad.off()) {
            for (Moments m : moments.values()) {
                Tensor g = m.parameter.grad();
                if (!g.defined()) {
                    continue;
                }
                m.steps++;
                AdamWCall call = AdamWCall.of(
                        g.numel(),
                        scale,
                        beta1,
                        beta2,
                        eps,
                        lr * m.group.lrScale(),
                        m.group.weightDecay() * decay,
                        m.steps);
                if (fused(m.parameter) && fused(g) && fused(m.mean) && fused(m.square)) {
                    fused(call, m, g);
                } else {
                    composed(call, m, g);
                }
            }
        }
        scale = 1;
    }

    /** Whether the kernel reads it: contiguous f32 in this machine's memory. */
    private static boolean fused(Tensor t) {
        return t.is_cpu() && t.is_contiguous() && Memory.type(t) == ScalarType.Float;
    }

    private static void fused(AdamWCall call, Moments m, Tensor g) {
        Kernels.adamW()
                .step(
                        call,
                        Memory.address(m.parameter),
                        Memory.address(g),
                        Memory.address(m.mean),
                        Memory.address(m.square));
        Memory.keepAlive(m.parameter, g, m.mean, m.square);
    }

    /** The same from libtorch's operations, each a pass over memory. */
    private static void composed(AdamWCall call, Moments m, Tensor gradient) {
        Tensor g = call.scale() == 1 ? gradient : gradient.mul(new Scalar(call.scale()));
        m.parameter.mul_(new Scalar(call.keep()));
        m.mean.lerp_(g, new Scalar(1 - call.beta1()));
        m.square.mul_(new Scalar(call.beta2())).addcmul_(g, g, new Scalar(1 - call.beta2()));
        Tensor denominator = m.square.sqrt().mul_(new Scalar(1 / call.root())).add_(new Scalar(call.eps()));
        m.parameter.addcdiv_(m.mean, denominator, new Scalar(-call.rate()));
    }

    /** How many steps were taken. */
    public long steps() {
        return steps;
    }

    /** The moments by name, {@code exp_avg.NAME} and {@code exp_avg_sq.NAME}: the optimizer's own tensors. */
    @Override
    public SequencedMap<String, Tensor> state() {
        SequencedMap<String, Tensor> state = new LinkedHashMap<>();
        moments.forEach((name, m) -> {
            state.put("exp_avg." + name, m.mean);
            state.put("exp_avg_sq." + name, m.square);
        });
        return state;
    }

    @Override
    public SequencedMap<String, Long> skipped() {
        SequencedMap<String, Long> skipped = new LinkedHashMap<>();
        moments.forEach((name, m) -> {
            if (m.steps < steps) {
                skipped.put(name, steps - m.steps);
            }
        });
        return skipped;
    }

    @Override
    public void resumeAt(long steps, Map<String, Long> skipped) {
        this.steps = steps;
        moments.forEach((name, m) -> m.steps = steps - skipped.getOrDefault(name, 0L));
    }

    /** The parameters with the weight decay of each, by name: what a recipe's groups came to. */
    public Map<String, Double> weightDecays() {
        Map<String, Double> decays = new LinkedHashMap<>();
        moments.forEach((name, m) -> decays.put(name, m.group.weightDecay()));
        return decays;
    }

    /** The parameters with the share of the learning rate of each, by name. */
    public Map<String, Double> lrScales() {
        Map<String, Double> scales = new LinkedHashMap<>();
        moments.forEach((name, m) -> scales.put(name, m.group.lrScale()));
        return scales;
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
