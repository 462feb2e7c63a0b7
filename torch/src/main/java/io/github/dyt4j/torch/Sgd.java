package io.github.dyt4j.torch;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Stochastic gradient descent with momentum, as torch.optim.SGD computes it: {@code v ← μ·v + (g + λ·p)}, {@code p ← p − η·v}, v from 0. The
 * decay λ is in the gradient, not beside it as in AdamW.
 */
public final class Sgd implements Optimizer {
    private record Velocity(Tensor parameter, AdamW.Group group, Tensor value) {}

    private final SequencedMap<String, Velocity> velocities = new LinkedHashMap<>();
    private final double momentum;
    private double scale = 1;

    public Sgd(List<AdamW.Group> groups, double momentum) {
        this.momentum = momentum;
        try (var _ = Grad.off()) {
            for (AdamW.Group group : groups) {
                group.parameters().forEach((name, p) -> {
                    Tensor zero = Scope.keep(torch.zeros_like(p));
                    velocities.put(name, new Velocity(p, group, zero));
                });
            }
        }
    }

    @Override
    public double clip(double maxNorm) {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            double sum = 0;
            for (Velocity v : velocities.values()) {
                Tensor g = v.parameter.grad();
                if (g.defined()) {
                    double norm = g.norm().item_double();
                    sum += norm * norm;
                }
            }
            double norm = Math.sqrt(sum);
            double coefficient = maxNorm / (norm + 1e-6);
            scale = maxNorm > 0 && coefficient < 1 ? coefficient : 1;
            return norm;
        }
    }

    @Override
    public void step(double lr, double decay) {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            for (Velocity v : velocities.values()) {
                Tensor g = v.parameter.grad();
                if (g.defined()) {
                    v.value.mul_(new Scalar(momentum)).add_(g, new Scalar(scale));
                    double own = v.group.weightDecay() * decay;
                    if (own != 0) {
                        v.value.add_(v.parameter, new Scalar(own));
                    }
                    v.parameter.add_(v.value, new Scalar(-lr * v.group.lrScale()));
                }
            }
        }
        scale = 1;
    }

    /** {@code momentum_buffer.NAME}. */
    @Override
    public SequencedMap<String, Tensor> state() {
        SequencedMap<String, Tensor> state = new LinkedHashMap<>();
        velocities.forEach((name, v) -> state.put("momentum_buffer." + name, v.value));
        return state;
    }

    @Override
    public SequencedMap<String, Long> skipped() {
        return new LinkedHashMap<>();
    }

    @Override
    public void resumeAt(long steps, Map<String, Long> skipped) {
        // Its steps are all alike.
    }

    @Override
    public void close() {
        velocities.values().forEach(v -> Scope.release(v.value));
        velocities.clear();
    }
}
