package io.github.dyt4j.cli;

import io.github.dyt4j.training.Progress;
import java.io.PrintStream;
import java.util.Locale;
import me.tongfei.progressbar.ProgressBarConsumer;

/** The last line of a terminal, drawn again and again; what is printed above it stays. */
final class BarLine implements ProgressBarConsumer {
    private static final String CLEAR = "\r\033[K";
    private static final int WIDEST = 120;

    private final PrintStream err;
    private String drawn = "";

    BarLine(PrintStream err) {
        this.err = err;
    }

    /** Prints a whole line above the moving one. */
    synchronized void above(String text) {
        err.print((drawn.isEmpty() ? "" : CLEAR) + text + System.lineSeparator() + drawn);
        err.flush();
    }

    @Override
    public int getMaxRenderedLength() {
        return Math.min(WIDEST, Terminal.width() - "^C".length() - 1); // which the terminal echoes behind the line
    }

    @Override
    public synchronized void accept(String text) {
        drawn = text;
        err.print(CLEAR + text);
        err.flush();
    }

    @Override
    public synchronized void close() {
        if (!drawn.isEmpty()) {
            err.print(CLEAR);
            err.flush();
        }
        drawn = "";
    }

    /** "epoch 2/6 ━━━━━━━━────────  37%  loss 1.021  1532 images/s  0:41 left", the bar as long as there is room; without room, less. */
    static String render(Progress.Step s, int width) {
        double done = s.steps() == 0 ? 0 : (double) s.step() / s.steps();
        String left = "epoch %d/%d ".formatted(s.epoch(), s.epochs());
        String right = String.format(
                Locale.ROOT,
                " %3d%%  loss %.3f  %s images/s  %s left",
                (int) Math.floor(100 * done),
                s.loss(),
                RunLines.three(s.imagesPerSecond()),
                RunLines.time(s.secondsLeft()));
        int room = width - left.length() - right.length();
        if (room < 5) {
            String all = left.strip() + right;
            return all.substring(0, Math.min(all.length(), Math.max(0, width)));
        }
        int full = (int) Math.round(done * room);
        String bar = "━".repeat(full) + (Terminal.colour() ? "\033[2m" : "") + "─".repeat(room - full)
                + (Terminal.colour() ? "\033[0m" : "");
        return left + bar + right;
    }
}
