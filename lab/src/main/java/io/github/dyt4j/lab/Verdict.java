package io.github.dyt4j.lab;

import static io.github.dyt4j.lab.Html.fixed;

import io.github.dyt4j.lab.PairedStatistics.Finding;
import io.github.dyt4j.lab.Results.Run;
import io.github.dyt4j.lab.Results.Summary;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** The result in one sentence, and the words and numbers that it is made of. */
final class Verdict {
    private Verdict() {}

    static String of(Results r) {
        Summary baseline = r.baseline();
        if (baseline.mean() == null) {
            return "Nothing can be said yet: no run with " + baseline.label() + " has a result.";
        }
        List<Summary> others = r.summary().subList(1, r.summary().size());
        boolean silent = tooFewAll(others);
        String said =
                others.stream().map(s -> silent ? shortly(r, s) : clause(r, s)).collect(Collectors.joining("; "));
        String trouble = diverged(r, baseline);
        return (silent ? sentence(seeds(others.getFirst())) + " each: " + Finding.TOO_FEW_SEEDS.words() + ". " : "")
                + "Against " + baseline.label() + " at " + value(r, baseline.mean()) + " " + r.metric()
                + (trouble.isEmpty() ? "" : " (" + trouble + ")") + ": " + said + ".";
    }

    /** Whether the same is to be said of all: that their seeds, as many of each, are too few. */
    private static boolean tooFewAll(List<Summary> others) {
        return others.stream().allMatch(s -> s.difference() != null && s.found() == Finding.TOO_FEW_SEEDS)
                && others.stream().mapToInt(Summary::seeds).distinct().count() == 1;
    }

    private static String shortly(Results r, Summary s) {
        String trouble = diverged(r, s);
        return s.label() + " " + signed(r, Objects.requireNonNull(s.difference()))
                + (trouble.isEmpty() ? "" : " (" + trouble + ")");
    }

    private static String seeds(Summary s) {
        return s.seeds() == 1 ? "one seed" : s.seeds() + " seeds";
    }

    private static String sentence(String words) {
        return words.substring(0, 1).toUpperCase(Locale.ROOT) + words.substring(1);
    }

    private static String clause(Results r, Summary s) {
        String trouble = diverged(r, s);
        return s.label() + " " + finding(r, s) + (trouble.isEmpty() ? "" : " and " + trouble);
    }

    /** "is 7.5 points behind (95% interval −8.9 to −6.1)". */
    static String finding(Results r, Summary s) {
        Double d = s.difference();
        if (d == null) {
            return r.runs(s.norm()).isEmpty() ? "has not ended a run yet" : "has no run to compare";
        }
        String ahead = d > 0 == r.higherIsBetter() ? "ahead" : "behind";
        String interval = s.low95() == null ? "" : "95% interval " + interval(r, s.low95(), s.high95());
        return switch (s.found()) {
            case BETTER, WORSE -> "is " + amount(r, Math.abs(d)) + " " + ahead + " (" + interval + ")";
            case NO_DIFFERENCE ->
                "shows no difference over seeds (" + signed(r, d) + ", " + interval + ")" + doubt(r, s, ahead);
            default ->
                "has " + Finding.TOO_FEW_SEEDS.words() + " (difference " + signed(r, d) + " over " + seeds(s) + ")";
        };
    }

    /** Few seeds make a wide interval; where the test examples alone say otherwise, silence would flatter. */
    private static String doubt(Results r, Summary s, String ahead) {
        Double low = s.bootstrapLow95();
        Double high = s.bootstrapHigh95();
        return low != null && high != null && (low > 0 || high < 0)
                ? ", but over the test examples it is " + ahead + " (" + wide(r, low) + " to " + wide(r, high) + ")"
                : "";
    }

    /** A digit more, since such an interval may be close to zero. */
    private static String wide(Results r, double v) {
        return fixed(v, digits(r) + 1);
    }

    static String diverged(Results r, Summary s) {
        List<Run> runs = r.runs(s.norm());
        long n = runs.stream().filter(Run::diverged).count();
        return n == 0 ? "" : "diverged in " + n + " of " + runs.size() + (runs.size() == 1 ? " run" : " runs");
    }

    static int digits(Results r) {
        return r.unit().equals("%") ? 1 : 3;
    }

    static String number(Results r, @Nullable Double v) {
        return v == null ? "–" : fixed(v, digits(r));
    }

    static String value(Results r, double v) {
        return number(r, v) + (r.unit().equals("%") ? "%" : r.unit().isEmpty() ? "" : " " + r.unit());
    }

    /** Percentages differ by points. */
    static String amount(Results r, double v) {
        String unit = r.unit().equals("%") ? "points" : r.unit();
        return number(r, v) + (unit.isEmpty() ? "" : " " + unit);
    }

    static String signed(Results r, double v) {
        return plus(r, v) + amount(r, v);
    }

    static String interval(Results r, @Nullable Double low, @Nullable Double high) {
        return low == null || high == null
                ? "–"
                : plus(r, low) + number(r, low) + " to " + plus(r, high) + number(r, high);
    }

    private static String plus(Results r, double v) {
        return v > 0 && !number(r, v).matches("0\\.0*") ? "+" : "";
    }
}
