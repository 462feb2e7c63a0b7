package io.github.dyt4j.models;

import io.github.dyt4j.torch.Norm;
import java.util.List;

/** A norm and every layer that reads it, where nothing else does: where its γ and β can go (see {@link FoldedNorms}). */
public record Fold(Norm norm, List<Linear> readers) {
    Fold(Norm norm, Linear reader) {
        this(norm, List.of(reader));
    }
}
