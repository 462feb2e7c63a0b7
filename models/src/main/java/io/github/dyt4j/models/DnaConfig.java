package io.github.dyt4j.models;

/** A model of DNA before it is built: its input is (B, L) of {@link Bases}' tokens, L up to {@link #maxLength}. */
public non-sealed interface DnaConfig extends ModelConfig {
    /** Whether what it says of a base depends on those before it alone: then it learns the next base, else the masked ones. */
    boolean causal();

    /** Whether what it says does not depend on the strand that it is shown, by its construction. */
    default boolean equivariant() {
        return false;
    }

    /** Classes that it tells sequences apart by; 0 for a language model, whose output is (B, L, {@link Bases#PADDED_VOCABULARY}). */
    int numClasses();

    /** The longest sequence that it takes, in bases. */
    int maxLength();

    @Override
    default long[] inputShape() {
        return new long[] {maxLength()};
    }
}
