package io.github.dyt4j.cli;

import io.github.dyt4j.training.Progress;
import io.github.dyt4j.training.run.RunResult;
import java.io.PrintStream;
import java.nio.file.Path;

/** A run on a terminal: one moving line with loss, throughput and time left, and above it a line for what is worth keeping. */
final class TerminalProgress implements Progress, AutoCloseable {
    private static final long EVERY_NANOS = 100_000_000;

    private final BarLine bar;
    private final RunLines lines;
    private long drawn;

    /** @param again the command that was typed, which goes on with a run that was stopped */
    TerminalProgress(PrintStream err, String again) {
        bar = new BarLine(err);
        lines = new RunLines(bar::above, again);
    }

    @Override
    public void note(String text) {
        lines.note(text);
    }

    @Override
    public void step(Step step) {
        long now = System.nanoTime();
        if (now - drawn >= EVERY_NANOS || step.step() == step.steps()) {
            drawn = now;
            bar.draw(BarLine.render(step, bar.width()));
        }
    }

    @Override
    public void tested(Tested tested) {
        lines.tested(tested);
    }

    @Override
    public void ended(RunResult result) {
        close();
        lines.ended(result);
    }

    @Override
    public void stopped(long step, long steps, Path folder) {
        close();
        lines.stopped(step, steps, folder);
    }

    @Override
    public void close() {
        bar.close();
    }
}
