package io.github.dyt4j.cli;

import io.github.dyt4j.training.Progress;
import io.github.dyt4j.training.run.RunResult;
import java.io.PrintStream;
import java.nio.file.Path;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.jspecify.annotations.Nullable;

/** A run on a terminal: one moving line with loss, throughput and time left, and above it a line for what is worth keeping. */
final class TerminalProgress implements Progress, AutoCloseable {
    private static final int REFRESH_MILLIS = 200;

    private final BarLine line;
    private final RunLines words;
    private @Nullable ProgressBar bar;
    private volatile Step latest = new Step(0, 1, 1, 1, Double.NaN, 0, 0, Double.NaN);

    TerminalProgress(PrintStream err, String again) {
        line = new BarLine(err);
        words = new RunLines(line::above, again);
    }

    @Override
    public void note(String text) {
        words.note(text);
    }

    @Override
    public void step(Step step) {
        latest = step;
        if (bar == null) {
            bar = new ProgressBarBuilder()
                    .setInitialMax(step.steps())
                    .setUpdateIntervalMillis(REFRESH_MILLIS)
                    .setRenderer((state, width) -> BarLine.render(latest, width))
                    .setConsumer(line)
                    .build();
        }
        bar.stepTo(step.step());
    }

    @Override
    public void tested(Tested tested) {
        words.tested(tested);
    }

    @Override
    public void ended(RunResult result) {
        close();
        words.ended(result);
    }

    @Override
    public void stopped(long step, long steps, Path folder) {
        close();
        words.stopped(step, steps, folder);
    }

    /** Takes the moving line away. */
    @Override
    public void close() {
        if (bar != null) {
            bar.close();
            bar = null;
        }
    }
}
