package io.github.dyt4j.models;

import io.github.dyt4j.torch.Norm;
import java.util.ArrayList;
import java.util.List;

/**
 * A model whose norms run without γ and β, for inference: {@code W·(γ·n(x) + β) + b = (W·diag(γ))·n(x) + (b + W·β)}, so the linear layers
 * that read a norm take both in, and every {@link Fold} of the model is made so. Exact but for rounding, for every norm alike.
 *
 * <pre>{@code
 * model.parameters().training(false);
 * try (var folded = FoldedNorms.of(model);
 *         var _ = Grad.off()) {
 *     Tensor logits = model.forward(x);
 * } // as before, to the bit
 * }</pre>
 *
 * <p>The folded weights stand beside the model's own, which {@link Model#parameters} goes on to hold: a checkpoint that is written meanwhile
 * is that of the model as it was, and what is loaded or changed meanwhile shows only after closing, but for what no folding touches (α, and
 * the layers that read no norm). A norm without γ and β is left alone.
 */
public final class FoldedNorms implements AutoCloseable {
    private final List<Fold> folds = new ArrayList<>();

    private FoldedNorms() {}

    /**
     * Folds every norm of the model that can be.
     *
     * @throws IllegalStateException where the model is in training mode or already folded
     * @throws io.github.dyt4j.formats.UserError where a norm waits for its calibration, so that γ has no value yet
     */
    public static FoldedNorms of(Model model) {
        if (model.parameters().training()) {
            throw new IllegalStateException(
                    "norms are folded for evaluation alone: call parameters().training(false) on the model first");
        }
        FoldedNorms folded = new FoldedNorms();
        boolean whole = false;
        try {
            model.folds().forEach(folded::add);
            whole = true;
            return folded;
        } finally {
            if (!whole) {
                folded.close(); // all or nothing
            }
        }
    }

    private void add(Fold fold) {
        Norm norm = fold.norm();
        if (norm.weight() == null && norm.bias() == null) {
            return;
        }
        if (norm.folded()) {
            throw new IllegalStateException("the norms of this model are already folded: close what folded them first");
        }
        norm.fold(true);
        folds.add(fold);
        fold.readers().forEach(reader -> reader.fold(norm));
    }

    /** The norms that now run without γ and β, in the model's order; none once closed. */
    public List<Norm> norms() {
        return folds.stream().map(Fold::norm).toList();
    }

    /** Undoes it: weights, outputs and gradients are the model's own again, to the bit. */
    @Override
    public void close() {
        for (Fold fold : folds) {
            fold.readers().forEach(Linear::unfold);
            fold.norm().fold(false);
        }
        folds.clear();
    }
}
