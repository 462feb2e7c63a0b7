package io.github.dyt4j.models;

import io.github.dyt4j.torch.Parameters;
import java.util.List;

/**
 * x + s·f(x), s one scalar a residual branch that starts at 0, so that the model starts as the identity on its residual stream: SkipInit
 * (De and Smith 2020, "Batch Normalization Biases Residual Blocks Towards the Identity Function in Deep Networks") and, for Transformers,
 * ReZero (Bachlechner et al. 2020, "ReZero is All You Need"). No norm; all else starts as beside norms. ReZero's own code has one scalar for
 * both branches of a block; here, as in both papers' formula, each branch has its own, under timm's name for it, {@code skipinit_gain}.
 */
final class SkipInit implements Layers {
    @Override
    public Residual residual(Parameters p) {
        return Residual.scaled(p, "skipinit_gain", 0);
    }

    @Override
    public List<String> notes() {
        return List.of("no norm", "each residual branch is multiplied by a scalar of its own, which starts at 0");
    }
}
