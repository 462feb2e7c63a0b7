package io.github.dyt4j.lab.bench;

import static io.github.dyt4j.lab.Html.fixed;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a LLaMA's passes say of DyT and RMSNorm, in words: like against like, and nothing of what lies within the spread. */
final class LlamaFinding {
    private LlamaFinding() {}

    /** Two sentences for each pair that was held against each other: the passes, then the norms. The fused pairs come first. */
    static List<String> sentences(List<BenchRow> rows) {
        List<String> fused = new ArrayList<>();
        List<String> composed = new ArrayList<>();
        for (BenchRow row : rows) {
            for (String pass : List.of(LlamaRows.INFERENCE, LlamaRows.TRAINING)) {
                if ((pass + LlamaRows.AGAINST).equals(LlamaRows.kind(row))) {
                    List<String> said = row.norm().contains("kernel=eager") ? composed : fused;
                    said.add(passes(row, pass));
                    said.add(norms(row, pass, rows));
                }
            }
        }
        fused.addAll(composed);
        return fused;
    }

    private static String passes(BenchRow row, String pass) {
        double ratio = Objects.requireNonNull(row.ratio());
        String verdict = !row.differs() ? "no different from" : ratio < 1 ? "faster than" : "slower than";
        return "In " + pass + " of " + LlamaRows.scope(row) + ", a pass with " + row.norm() + " is " + verdict
                + " one with " + row.baseline() + " (" + fixed(ratio, 3) + " of its time"
                + (row.differs() ? "" : ", within the spread") + ").";
    }

    private static String norms(BenchRow row, String pass, List<BenchRow> rows) {
        String baseline = Objects.requireNonNull(row.baseline());
        return "By themselves its norms take " + alone(row, pass, row.norm(), rows) + " of it and the other’s "
                + alone(row, pass, baseline, rows) + "; by subtraction " + subtracted(row, pass, row.norm(), rows)
                + " and " + subtracted(row, pass, baseline, rows) + ".";
    }

    private static String alone(BenchRow like, String pass, String norm, List<BenchRow> rows) {
        BenchRow alone = row(like, LlamaRows.ALONE + pass, norm, rows);
        return alone == null || alone.ratio() == null ? "an unknown part" : percent(100 * alone.ratio());
    }

    /** In percent, where the cost can be told from nothing. */
    private static String subtracted(BenchRow like, String pass, String norm, List<BenchRow> rows) {
        BenchRow cost = row(like, LlamaRows.NORMS + pass, norm, rows);
        BenchRow share = row(like, LlamaRows.SHARE + pass, norm, rows);
        if (cost == null || share == null || share.value() == null) {
            return "an unknown part";
        }
        return LlamaTable.stands(cost) ? percent(share.value()) : "nothing that can be told from noise";
    }

    private static String percent(double v) {
        return fixed(v, Math.abs(v) < 1 ? 2 : 1) + "%";
    }

    private static @Nullable BenchRow row(BenchRow like, String kind, String norm, List<BenchRow> rows) {
        return rows.stream()
                .filter(r -> kind.equals(LlamaRows.kind(r))
                        && LlamaRows.scope(r).equals(LlamaRows.scope(like))
                        && r.norm().equals(norm)
                        && r.dtype().equals(like.dtype())
                        && r.threads() == like.threads())
                .findFirst()
                .orElse(null);
    }
}
