package io.github.dyt4j.lab.bench;

import static io.github.dyt4j.lab.Html.fixed;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** What a LLaMA's passes say of DyT and RMSNorm, in words: like against like, and nothing of what lies within the spread. */
final class LlamaFinding {
    private LlamaFinding() {}

    /** A sentence for each pair that was held against each other, the fused ones first. */
    static List<String> sentences(List<BenchRow> rows) {
        List<String> fused = new ArrayList<>();
        List<String> composed = new ArrayList<>();
        for (BenchRow row : rows) {
            String kind = LlamaRows.kind(row);
            if (kind == null || kind.startsWith(LlamaRows.NORMS) || !kind.endsWith(LlamaRows.AGAINST)) {
                continue;
            }
            String pass = kind.substring(0, kind.length() - LlamaRows.AGAINST.length());
            (row.norm().contains("kernel=eager") ? composed : fused).add(sentence(row, pass, rows));
        }
        fused.addAll(composed);
        return fused;
    }

    private static String sentence(BenchRow row, String pass, List<BenchRow> rows) {
        double ratio = Objects.requireNonNull(row.ratio());
        String verdict = !row.differs() ? "no different from" : ratio < 1 ? "faster than" : "slower than";
        return "In " + pass + " of " + LlamaRows.scope(row) + ", a pass with " + row.norm() + " is " + verdict
                + " one with " + row.baseline() + " (" + fixed(ratio, 3) + " of its time"
                + (row.differs() ? "" : ", within the spread") + "); the norms are "
                + share(row, pass, row.norm(), rows) + " and "
                + share(row, pass, String.valueOf(row.baseline()), rows) + " of it.";
    }

    /** In percent, where the cost itself can be told from nothing. */
    private static String share(BenchRow like, String pass, String norm, List<BenchRow> rows) {
        BenchRow cost = row(like, LlamaRows.NORMS + pass, norm, rows);
        BenchRow share = row(like, LlamaRows.SHARE + pass, norm, rows);
        if (cost == null || share == null || share.value() == null) {
            return "not measured";
        }
        return LlamaTable.stands(cost) ? fixed(share.value(), 1) + "%" : "nothing to be seen";
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
