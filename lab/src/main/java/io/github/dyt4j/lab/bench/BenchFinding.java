package io.github.dyt4j.lab.bench;

import static io.github.dyt4j.lab.Html.fixed;
import static io.github.dyt4j.lab.Html.listed;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How DyT stands against what it was measured beside, in words. Every shape counts, and a ratio inside its own spread counts for no side.
 */
final class BenchFinding {
    static final String LAYERNORM = "layernorm";
    static final String OWN_LAYERNORM = "layernorm(kernel=fused)";
    private static final List<String> KINDS = List.of("layer", "kernel", "step");

    private final List<BenchRow> rows;

    BenchFinding(List<BenchRow> rows) {
        this.rows = rows.stream()
                .filter(r -> r.direction().equals("both") && KINDS.contains(r.what()))
                .toList();
    }

    /** One time over another, on one shape. */
    record Ratio(long rows, int width, double ratio, double spread) {
        /** As {@link BenchRow#differs} has it. */
        boolean differs() {
            return Math.abs(ratio - 1) > spread;
        }
    }

    /** Of layers inside autograd where they were measured, since that is what a user gets; else of the first kind that was. */
    String headline() {
        return KINDS.stream()
                .map(this::sentence)
                .filter(s -> !s.isEmpty())
                .findFirst()
                .orElse("Nothing can be said of DyT here: no row holds its forward and backward against another norm.");
    }

    /** Whether no row holds DyT against another norm. */
    boolean saysNothing() {
        return KINDS.stream().allMatch(kind -> sentence(kind).isEmpty());
    }

    /** What the other kinds of measurement say, a sentence each. */
    List<String> more() {
        String said = headline();
        return KINDS.stream()
                .map(this::sentence)
                .filter(s -> !s.isEmpty() && !s.equals(said))
                .toList();
    }

    private String sentence(String what) {
        String norm = norm(what);
        if (norm == null) {
            return "";
        }
        String clauses = against(what, norm).entrySet().stream()
                .map(e -> clause(named(what, e.getKey()), e.getValue()))
                .collect(Collectors.joining("; "));
        String scope = switch (what) {
            case "layer" -> "Forward and backward inside autograd";
            case "step" -> "In a model’s whole training step";
            default -> "Forward and backward as kernels alone, without autograd";
        };
        return scope + ", " + norm + " is " + clauses + ".";
    }

    /** The norm that is spoken of: {@code dyt}, or else the first of its variants that is not composed from libtorch's operations. */
    private @Nullable String norm(String what) {
        List<String> measured = rows.stream()
                .filter(r -> r.what().equals(what) && r.ratio() != null && r.baseline() != null)
                .map(BenchRow::norm)
                .filter(n -> n.equals("dyt") || (n.startsWith("dyt(") && !n.contains("kernel=eager")))
                .toList();
        return measured.contains("dyt") ? "dyt" : measured.stream().findFirst().orElse(null);
    }

    private Map<String, List<Ratio>> against(String what, String norm) {
        Map<String, List<Ratio>> byBaseline = new LinkedHashMap<>();
        for (BenchRow r : rows) {
            if (r.what().equals(what) && r.norm().equals(norm) && r.baseline() != null && r.ratio() != null) {
                byBaseline
                        .computeIfAbsent(r.baseline(), b -> new ArrayList<>())
                        .add(new Ratio(r.rows(), r.width(), r.ratio(), r.spread()));
            }
        }
        if (!byBaseline.containsKey(OWN_LAYERNORM)) {
            List<Ratio> derived = overOwnLayerNorm(what, norm);
            if (!derived.isEmpty()) {
                byBaseline.put(OWN_LAYERNORM, derived);
            }
        }
        return byBaseline;
    }

    /** Where both were held against the same baseline only: the quotient of the two ratios, as uncertain as both together. */
    private List<Ratio> overOwnLayerNorm(String what, String norm) {
        List<Ratio> derived = new ArrayList<>();
        for (BenchRow r : rows) {
            if (r.what().equals(what) && r.norm().equals(norm) && r.ratio() != null) {
                double ratio = r.ratio();
                rows.stream()
                        .filter(sameCaseAs(r))
                        .filter(o -> o.norm().equals(OWN_LAYERNORM)
                                && o.ratio() != null
                                && Objects.equals(o.baseline(), r.baseline()))
                        .findFirst()
                        .ifPresent(o -> derived.add(new Ratio(
                                r.rows(),
                                r.width(),
                                ratio / Objects.requireNonNull(o.ratio()),
                                r.spread() + o.spread())));
            }
        }
        return derived;
    }

    private static Predicate<BenchRow> sameCaseAs(BenchRow r) {
        return o -> o.what().equals(r.what())
                && o.dtype().equals(r.dtype())
                && o.rows() == r.rows()
                && o.width() == r.width()
                && o.threads() == r.threads();
    }

    /** Kernels alone are all this project's, so there a name is only a name. */
    private static String named(String what, String baseline) {
        return what.equals("kernel")
                ? baseline
                : switch (baseline) {
                    case LAYERNORM -> "libtorch’s LayerNorm";
                    case OWN_LAYERNORM -> "this project’s own LayerNorm";
                    default -> baseline;
                };
    }

    /** "faster than X on 2 of 4 shapes (0.29 to 0.56 of its time), slower on 1 (1.38) and no different on 1 (0.98)". */
    private static String clause(String baseline, List<Ratio> ratios) {
        List<Part> parts = new ArrayList<>();
        parts.add(new Part(
                "faster than",
                ratios.stream().filter(r -> r.differs() && r.ratio() < 1).toList()));
        parts.add(new Part(
                "slower than",
                ratios.stream().filter(r -> r.differs() && r.ratio() > 1).toList()));
        parts.add(new Part(
                "no different from", ratios.stream().filter(r -> !r.differs()).toList()));
        parts.removeIf(p -> p.ratios().isEmpty());
        long shapes =
                ratios.stream().map(r -> r.rows() + "x" + r.width()).distinct().count();
        String noun = shapes == ratios.size() ? "shape" : "measurement"; // several dtypes or thread counts of one shape
        List<String> said = new ArrayList<>();
        for (Part p : parts) {
            boolean first = said.isEmpty();
            said.add((first ? p.words() + " " + baseline : p.words().replaceAll(" (than|from)$", ""))
                    + " on "
                    + (parts.size() == 1
                            ? all(ratios.size(), noun)
                            : p.ratios().size() + (first ? " of " + ratios.size() + " " + noun + "s" : ""))
                    + " (" + range(p.ratios()) + (first ? " of its time" : "")
                    + (p.words().startsWith("no ") ? ", within the spread" : "") + ")");
        }
        return listed(said);
    }

    private record Part(String words, List<Ratio> ratios) {}

    private static String all(int n, String noun) {
        return n == 1 ? "the one " + noun : "all " + n + " " + noun + "s";
    }

    private static String range(List<Ratio> ratios) {
        String low = fixed(ratios.stream().mapToDouble(Ratio::ratio).min().orElse(Double.NaN), 2);
        String high = fixed(ratios.stream().mapToDouble(Ratio::ratio).max().orElse(Double.NaN), 2);
        return low.equals(high) ? low : low + " to " + high;
    }
}
