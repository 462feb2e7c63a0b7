package io.github.dyt4j.models;

/**
 * W and b of a linear layer as a function of what is trained, computed anew in each forward pass and inside its graph: where a
 * {@link Method} does without norms.
 */
@FunctionalInterface
interface Reparametrised {
    Linear.Weights weights();
}
