package io.github.dyt4j.cli;

import io.github.dyt4j.training.Progress;
import java.io.PrintStream;
import java.util.Locale;

/** The last line of a terminal, drawn again and again; what is printed above it stays. */
final class BarLine implements AutoCloseable {
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

    int width() {
        return Math.min(WIDEST, Terminal.width() - "^C".length() - 1); // which the terminal echoes behind the line
    }

    synchronized void draw(String text) {
        drawn = text;
        err.print(CLEAR + text);
        err.flush();
    }

    /** Takes the moving line away. */
    @Override
    public synchronized void close() {
        if (!drawn.isEmpty()) {
            err.print(CLEAR);
            err.flush();
        }
        drawn = "";
    }

    /** "epoch 2/6 ━━━━━━━━────────  37%  loss 1.021  1532 images/s  0:41 left", the bar as long as there is room; without room, no bar. */
    static String render(Progress.Step s, int width) {
        double share = s.steps() == 0 ? 0 : (double) s.step() / s.steps();
        return render(
                "epoch %d/%d ".formatted(s.epoch(), s.epochs()),
                share,
                String.format(
                        Locale.ROOT,
                        " %3d%%  loss %.3f  %s  %s left",
                        (int) Math.floor(100 * share),
                        s.loss(),
                        RunLines.rate(s),
                        RunLines.time(s.secondsLeft())),
                width);
    }

    static String render(String left, double share, String right, int width) {
        int room = width - left.length() - right.length();
        if (room < 5) {
            String all = left.strip() + right;
            return all.substring(0, Math.min(all.length(), Math.max(0, width)));
        }
        int full = (int) Math.round(share * room);
        return left
                + "━".repeat(full)
                + (Terminal.colour() ? "\033[2m" : "")
                + "─".repeat(room - full)
                + (Terminal.colour() ? "\033[0m" : "")
                + right;
    }
}
