package io.github.dyt4j.training;

import io.github.dyt4j.models.Bases;
import io.github.dyt4j.models.DnaConfig;
import io.github.dyt4j.models.Fold;
import io.github.dyt4j.models.Model;
import io.github.dyt4j.models.Overrides;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Norms;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** A causal model of DNA that knows the base before alone: a table of logits by token, all 0 at first. */
record TinyDna(Parameters parameters, Tensor table, Norms norms, int length) implements Model {
    record Config(int maxLength, boolean causal) implements DnaConfig {
        @Override
        public int numClasses() {
            return 0;
        }

        @Override
        public Model create(NormSpec spec, Parameters parameters) {
            try (var _ = new Scope()) {
                Tensor table = parameters.parameter(
                        "table", Tensors.full(0, Bases.PADDED_VOCABULARY, Bases.PADDED_VOCABULARY));
                return new TinyDna(parameters, table, new Norms(spec), maxLength);
            }
        }

        @Override
        public Config with(Overrides arguments) {
            return this;
        }

        @Override
        public long activationCount() {
            return (long) maxLength * Bases.PADDED_VOCABULARY;
        }
    }

    @Override
    public Tensor forward(Tensor x) { // (B, L)
        return torch.embedding(table, x); // (B, L, 16)
    }

    @Override
    public List<Fold> folds() {
        return List.of();
    }

    @Override
    public long[] inputShape() {
        return new long[] {length};
    }
}
