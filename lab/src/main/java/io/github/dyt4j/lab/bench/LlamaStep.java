package io.github.dyt4j.lab.bench;

import io.github.dyt4j.models.Llama;
import io.github.dyt4j.torch.AdamW;
import io.github.dyt4j.torch.Autocast;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.TorchRuntime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;

/**
 * A LLaMA's training step on random tokens, all in f32 or with bf16 autocast: forward, cross-entropy, backward, clipping to a norm of 1,
 * AdamW with decay on matrices alone.
 */
final class LlamaStep implements AutoCloseable {
    static final NormSpec NORM = NormSpec.parse("rmsnorm");

    /** So small that thousands of steps leave the weights about where they were. */
    private static final double LR = 1e-6;

    private final Llama model;
    private final LlamaPass pass;
    private final AdamW optimizer;
    private final boolean bf16;

    LlamaStep(LlamaPlan.Step step, boolean bf16) {
        this.bf16 = bf16;
        TorchRuntime.seed(0);
        model = (Llama) LlamaPlan.config(step.model(), step.arguments()).create(NORM);
        pass = new LlamaPass(model, step.batch(), step.tokens());
        SequencedMap<String, Tensor> matrices = new LinkedHashMap<>();
        SequencedMap<String, Tensor> others = new LinkedHashMap<>();
        model.parameters().trainable().forEach((name, p) -> (p.dim() > 1 ? matrices : others).put(name, p));
        optimizer = new AdamW(List.of(new AdamW.Group(matrices, 0.1), new AdamW.Group(others, 0)), 0.9, 0.95, 1e-8);
    }

    /** Leaves the gradients, so that {@link #clip} and {@link #update} can be timed alone after it. */
    void step() {
        model.parameters().zeroGrad();
        try (var _ = new Scope()) {
            Tensor loss;
            try (var _ = Autocast.bf16(bf16)) {
                loss = pass.loss();
            }
            loss.backward();
        }
        clip();
        update();
    }

    void clip() {
        optimizer.clip(1);
    }

    void update() {
        optimizer.step(LR);
    }

    @Override
    public void close() {
        optimizer.close();
        pass.close();
        model.parameters().zeroGrad();
        model.close();
    }
}
