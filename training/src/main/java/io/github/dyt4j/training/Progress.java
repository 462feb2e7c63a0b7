package io.github.dyt4j.training;

import io.github.dyt4j.training.run.RunResult;
import java.nio.file.Path;

/** Is told how a run goes, on the thread that trains. */
public interface Progress {
    /**
     * After an optimizer step.
     *
     * @param step steps done, of {@code steps} in the whole run
     * @param epoch that the step belongs to, from 1
     * @param secondsLeft by the pace since this process began, evaluations included
     */
    record Step(
            long step,
            long steps,
            int epoch,
            int epochs,
            double loss,
            double lr,
            double examplesPerSecond,
            Examples examples,
            double secondsLeft) {}

    /** After an evaluation; {@code value} and {@code best} in the metric's unit. */
    record Tested(long step, int epoch, double loss, Objective.Metric metric, double value, double best) {}

    /** A line worth reading once: what is trained on what, where a run goes on, what calibration set. */
    default void note(String line) {}

    default void step(Step step) {}

    default void tested(Tested tested) {}

    default void ended(RunResult result) {}

    /** The run was asked to stop, and has left a checkpoint; the same command goes on from there. */
    default void stopped(long step, long steps, Path folder) {}

    /** Tells nobody. */
    Progress NONE = new Progress() {};
}
