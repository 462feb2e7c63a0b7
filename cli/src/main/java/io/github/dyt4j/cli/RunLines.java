package io.github.dyt4j.cli;

import io.github.dyt4j.training.Objective;
import io.github.dyt4j.training.Progress;
import io.github.dyt4j.training.run.RunResult;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A run in plain lines, for files and pipes: one every ten seconds, one an evaluation, and how it ended. */
final class RunLines implements Progress {
    private static final long EVERY_NANOS = 10_000_000_000L;

    private final Consumer<String> out;
    private final String again;
    private long said = System.nanoTime();

    /** @param again the command that was typed, which goes on with a run that was stopped */
    RunLines(Consumer<String> out, String again) {
        this.out = out;
        this.again = again;
    }

    @Override
    public void note(String text) {
        out.accept(text);
    }

    @Override
    public void step(Step s) {
        long now = System.nanoTime();
        if (now - said >= EVERY_NANOS) {
            said = now;
            out.accept(String.format(
                    Locale.ROOT,
                    "epoch %d/%d  step %d/%d  loss %.3f  %s  %s left",
                    s.epoch(),
                    s.epochs(),
                    s.step(),
                    s.steps(),
                    s.loss(),
                    rate(s),
                    time(s.secondsLeft())));
        }
    }

    @Override
    public void tested(Tested t) {
        String unit = t.metric().unit();
        out.accept(String.format(
                Locale.ROOT,
                "epoch %d  test loss %.3f%s  best %s",
                t.epoch(),
                t.loss(),
                t.metric().perplexity()
                        ? perplexity(t.value(), unit)
                        : "  " + t.metric().name() + " " + value(t.value(), unit),
                value(t.best(), unit)));
    }

    @Override
    public void ended(RunResult r) {
        String best = value(r.bestValue(), r.unit());
        if (r.diverged()) {
            out.accept("Diverged after " + r.steps() + " steps; the best " + r.metric() + " before that was " + best
                    + ".");
        } else {
            out.accept(String.format(
                    Locale.ROOT,
                    "Done: %s %s%s (best %s)%s, %s ms a step, %d MB at most.",
                    r.metric(),
                    value(r.value(), r.unit()),
                    perplexity(r.value(), r.unit()),
                    best,
                    extras(r.extras()),
                    three(r.msPerStep() == null ? Double.NaN : r.msPerStep()),
                    r.peakBytes() >> 20));
        }
    }

    @Override
    public void stopped(long step, long steps, Path folder) {
        out.accept("Stopped after step " + step + " of " + steps + "; its checkpoint is in " + folder + ".");
        out.accept("To go on: " + again);
    }

    static String value(@Nullable Double value, String unit) {
        if (value == null || value.isNaN()) {
            return "none";
        }
        return unit.equals("%")
                ? String.format(Locale.ROOT, "%.1f%%", value)
                : (String.format(Locale.ROOT, "%.3f", value) + " " + unit).strip();
    }

    /** ", perplexity 24.9" behind a loss in nats a token, and nothing behind anything else. */
    static String perplexity(@Nullable Double value, String unit) {
        return value == null || !unit.equals(Objective.Metric.NATS_PER_TOKEN)
                ? ""
                : ", perplexity " + three(Math.exp(value));
    }

    /** ", k-NN accuracy 71.2%": what else was measured, each behind a comma. */
    static String extras(List<RunResult.Extra> extras) {
        return extras.stream()
                .map(e -> ", " + e.metric() + " " + value(e.value(), e.unit()))
                .collect(Collectors.joining());
    }

    /** "1532 images/s", "4096 tokens/s". */
    static String rate(Step s) {
        return three(s.examples().parts(s.examplesPerSecond())) + " "
                + s.examples().parts() + "/s";
    }

    /** Three digits: 0.312, 4.51, 87.3, 1532. */
    static String three(double v) {
        return String.format(Locale.ROOT, v >= 100 ? "%.0f" : v >= 10 ? "%.1f" : v >= 1 ? "%.2f" : "%.3f", v);
    }

    /** 0:41, 12:05, 3:02:10. */
    static String time(double seconds) {
        if (!Double.isFinite(seconds)) {
            return "?";
        }
        long s = Math.round(seconds);
        return s < 3600
                ? String.format(Locale.ROOT, "%d:%02d", s / 60, s % 60)
                : String.format(Locale.ROOT, "%d:%02d:%02d", s / 3600, s / 60 % 60, s % 60);
    }
}
