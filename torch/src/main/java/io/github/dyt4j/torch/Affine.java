package io.github.dyt4j.torch;

/** Which per-channel parameters an architecture gives its norms. */
public enum Affine {
    /** Neither γ nor β, as DiT, whose adaLN supplies both. */
    NONE,
    /** γ alone, as LLaMA. */
    WEIGHT,
    /** γ and β. */
    FULL
}
