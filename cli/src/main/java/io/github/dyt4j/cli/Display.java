package io.github.dyt4j.cli;

import io.github.dyt4j.training.Progress;
import java.io.PrintWriter;

/** How a run is shown: with a bar on a terminal, in plain lines elsewhere. All of it goes to stderr. */
record Display(Progress progress, Runnable end) implements AutoCloseable {
    static Display open(PrintWriter err, String again) {
        if (Terminal.interactive()) {
            TerminalProgress bar = new TerminalProgress(System.err, again);
            return new Display(bar, bar::close);
        }
        return new Display(new RunLines(err::println, again), err::flush);
    }

    @Override
    public void close() {
        end.run();
    }
}
