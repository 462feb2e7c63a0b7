package io.github.dyt4j.lab.bench;

import io.github.dyt4j.models.Llama;
import io.github.dyt4j.torch.CrossEntropy;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.util.SplittableRandom;
import org.bytedeco.pytorch.Tensor;

/**
 * One pass of the paper's protocol (Zhu et al. 2025, appendix C) on random tokens: forward with cross-entropy over every token, and in
 * training backward. There is no optimizer step, and gradients add up from pass to pass.
 */
final class LlamaPass implements AutoCloseable {
    private final Llama model;
    private final Tensor tokens;
    private final Tensor labels;

    /** A pass of a model that its owner closes. */
    LlamaPass(Llama model, int batch, int tokens) {
        this.model = model;
        int vocab = model.config().vocabSize();
        this.tokens = Scope.keep(tokens(batch, tokens, vocab, 0));
        this.labels = Scope.keep(tokens(batch, tokens, vocab, 1).flatten());
    }

    /** Random tokens (B, T). */
    static Tensor tokens(int batch, int tokens, int vocab, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        return Tensors.of(
                random.ints((long) batch * tokens, 0, vocab).asLongStream().toArray(), batch, tokens);
    }

    void inference() {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            loss();
        }
    }

    void training() {
        try (var _ = new Scope()) {
            loss().backward();
        }
    }

    /** The mean cross-entropy; needs an open scope. */
    Tensor loss() {
        return CrossEntropy.mean(model.forward(tokens).flatten(0, 1), labels);
    }

    @Override
    public void close() {
        Scope.release(tokens);
        Scope.release(labels);
    }
}
