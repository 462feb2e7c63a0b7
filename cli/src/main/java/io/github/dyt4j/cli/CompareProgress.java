package io.github.dyt4j.cli;

import io.github.dyt4j.lab.Compare;
import io.github.dyt4j.lab.Job;
import io.github.dyt4j.lab.Plan;
import io.github.dyt4j.lab.Variant;
import io.github.dyt4j.training.run.RunResult;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** A comparison as it goes: a line for each run that has ended, and what goes on now, moving on a terminal and every half minute elsewhere. */
final class CompareProgress implements Compare.Listener, AutoCloseable {
    private static final long EVERY_NANOS = 30_000_000_000L;

    private final Consumer<String> out;
    private final @Nullable BarLine bar;
    private final Plan plan;
    private final String again;
    private int runs;
    private int ended;
    private long said = System.nanoTime();

    private CompareProgress(Consumer<String> out, @Nullable BarLine bar, Plan plan, String again) {
        this.out = out;
        this.bar = bar;
        this.plan = plan;
        this.again = again;
    }

    static CompareProgress open(PrintWriter err, Plan plan, String again) {
        if (Terminal.interactive()) {
            BarLine bar = new BarLine(System.err);
            return new CompareProgress(bar::above, bar, plan, again);
        }
        return new CompareProgress(err::println, null, plan, again);
    }

    @Override
    public void begins(Path folder, int all, int done) {
        runs = all;
        ended = done;
        out.accept(plan.recipe().name() + " on "
                + switch (plan.recipe().data()) {
                    case "builtin" -> "the built-in data";
                    case "jdk" -> "the JDK’s sources";
                    case String path -> path;
                }
                + ": " + plan.variants().stream().map(Variant::name).collect(Collectors.joining(", "))
                + (plan.searches() ? ", each at its best of " + plan.lrs().size() + " learning rates" : "")
                + ", " + plan.seeds() + (plan.seeds() == 1 ? " seed" : " seeds")
                + (plan.searches() ? ": " : " each: ") + all + " runs in " + folder);
        if (done > 0) {
            out.accept(done + " of them had ended before.");
        }
    }

    @Override
    public void data(String description) {
        out.accept(description);
    }

    @Override
    public void progress(List<Compare.Running> running, double share, double secondsLeft) {
        if (running.isEmpty()) {
            return;
        }
        String now = running.stream().map(r -> r.job().toString()).collect(Collectors.joining(" + "));
        String right = String.format(
                Locale.ROOT,
                " %3d%%  %s%s left",
                (int) Math.floor(100 * share),
                Double.isNaN(running.getFirst().loss())
                        ? ""
                        : String.format(
                                Locale.ROOT, "loss %.3f  ", running.getFirst().loss()),
                RunLines.time(secondsLeft));
        String left = "run " + Math.min(runs, ended + 1) + "/" + runs + " " + now + " ";
        if (bar != null) {
            bar.draw(BarLine.render(left, share, right, bar.width()));
        } else if (System.nanoTime() - said >= EVERY_NANOS) {
            said = System.nanoTime();
            out.accept((left + right.strip()).strip());
        }
    }

    @Override
    public void chose(Variant variant, double lr) {
        out.accept(variant + " is best at lr " + Job.rate(lr));
    }

    @Override
    public void ended(Job job, RunResult r) {
        ended++;
        said = System.nanoTime();
        String how = r.diverged()
                ? "diverged after " + r.steps() + " steps, best " + r.metric() + " "
                        + RunLines.value(r.bestValue(), r.unit())
                : r.metric() + " " + RunLines.value(r.value(), r.unit()) + RunLines.perplexity(r.value(), r.unit());
        int widest =
                plan.variants().stream().mapToInt(v -> v.name().length()).max().orElse(0);
        int rates =
                plan.lrs().stream().mapToInt(lr -> Job.rate(lr).length()).max().orElse(0);
        out.accept(String.format(
                Locale.ROOT,
                "run %d/%d  %-" + widest + "s  %sseed %d  %s  %s ms a step  %d MB",
                ended,
                runs,
                job.variant(),
                job.lr() == null ? "" : String.format(Locale.ROOT, "lr %-" + rates + "s  ", Job.rate(job.lr())),
                job.seed(),
                how,
                RunLines.three(r.msPerStep() == null ? Double.NaN : r.msPerStep()),
                r.peakBytes() >> 20));
    }

    @Override
    public void stopped(Path folder) {
        close();
        out.accept("Stopped; every run has left a checkpoint in " + folder + ".");
        out.accept("To go on: " + again);
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
