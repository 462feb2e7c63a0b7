package io.github.dyt4j.lab.tasks;

/** A language model as the tasks see it: how likely it holds one sequence of tokens after another. */
public interface LogLikelihoods {
    /**
     * @param logLikelihood Σ log p(continuation token | all before it), natural
     * @param greedy whether every token of the continuation is the most likely one in its place
     */
    record Score(double logLikelihood, boolean greedy) {}

    /**
     * The score of a continuation of at least one token after a context of at least one. The model reads all but the last token, so
     * {@link #contextLength} + 1 fit; where both together are longer, the context loses its beginning. Each pair is computed alone, so a
     * score does not depend on what else is asked.
     */
    Score score(int[] context, int[] continuation);

    /** The longest sequence that the model takes, in tokens. */
    int contextLength();
}
