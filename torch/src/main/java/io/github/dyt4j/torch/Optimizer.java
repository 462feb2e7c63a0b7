package io.github.dyt4j.torch;

import java.util.Map;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Tensor;

/** What goes down the gradients. Its {@link #state}, the number of steps and {@link #skipped} are all that a run needs to go on with it. */
public sealed interface Optimizer extends AutoCloseable permits AdamW, Sgd {
    /**
     * Measures the joint 2-norm of all gradients; where it is above {@code maxNorm}, the next step goes by gradients scaled down to that.
     * With {@code maxNorm} of 0 it only measures.
     *
     * @return the norm
     */
    double clip(double maxNorm);

    /** One step with learning rate η and every group's weight decay times {@code decay}; a parameter without a gradient stays. */
    void step(double lr, double decay);

    /** What it remembers of each parameter, by name: the optimizer's own tensors. */
    SequencedMap<String, Tensor> state();

    /** In how many of the steps a parameter had no gradient, where that makes a difference to its next; only those that missed any. */
    SequencedMap<String, Long> skipped();

    /** Goes on after {@code steps} steps, of which parameters skipped those of {@link #skipped}, once {@link #state} is loaded. */
    void resumeAt(long steps, Map<String, Long> skipped);

    @Override
    void close();
}
