package io.github.dyt4j.torch;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * An exponential moving average of a model's state, {@code e ← d·e + (1 − d)·p} after every step (timm's ModelEmaV2); what counts, as a batch
 * norm's {@code num_batches_tracked}, is copied.
 */
public final class Ema implements AutoCloseable {
    /** What is done with the averages; it may write files. */
    @FunctionalInterface
    public interface Work {
        void run() throws IOException;
    }

    private final SequencedMap<String, Tensor> live;
    private final SequencedMap<String, Tensor> average = new LinkedHashMap<>();
    private final double decay;

    public Ema(SequencedMap<String, Tensor> state, double decay) {
        this.live = state;
        this.decay = decay;
        try (var _ = Grad.off()) {
            state.forEach((name, t) -> average.put(name, Scope.keep(t.detach().clone())));
        }
    }

    public void update() {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            Scalar weight = new Scalar(1 - decay);
            average.forEach((name, e) -> {
                Tensor p = tensor(live, name);
                if (e.is_floating_point()) {
                    e.lerp_(p, weight);
                } else {
                    e.copy_(p);
                }
            });
        }
    }

    /** The averages by name: this object's own tensors. */
    public SequencedMap<String, Tensor> state() {
        return average;
    }

    /** Runs with the averages in the model's place; the model's own values are back afterwards, to the bit. */
    public void during(Work evaluation) throws IOException {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            Map<String, Tensor> own = new LinkedHashMap<>();
            live.forEach((name, t) -> own.put(name, t.detach().clone()));
            average.forEach((name, e) -> tensor(live, name).copy_(e));
            try {
                evaluation.run();
            } finally {
                own.forEach((name, t) -> tensor(live, name).copy_(t));
            }
        }
    }

    private static Tensor tensor(Map<String, Tensor> state, String name) {
        Tensor t = state.get(name);
        if (t == null) {
            throw new IllegalStateException("the model no longer has " + name);
        }
        return t;
    }

    @Override
    public void close() {
        average.values().forEach(Scope::release);
        average.clear();
    }
}
