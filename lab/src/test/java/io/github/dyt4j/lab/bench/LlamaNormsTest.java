package io.github.dyt4j.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.torch.NormSpec;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The paper's subtraction on times that nobody took. */
final class LlamaNormsTest {
    private static final LlamaRows ROWS = new LlamaRows("llama_x, 1 x 10 tokens", 10, 8, "bf16", "forward", 2);
    private static final List<NormSpec> NORMS = LlamaPlan.NORMS;

    /** Rounds in which the machine is up to three times as slow, for all alike. */
    private static double[] noise(long seed, int rounds) {
        Random random = new Random(seed);
        return random.doubles(rounds, 1e9, 3e9).toArray();
    }

    private static double[] plus(double[] a, double b) {
        return Arrays.stream(a).map(v -> v + b).toArray();
    }

    private static double[] same(double v) {
        return plus(new double[21], v);
    }

    private static BenchRow row(List<BenchRow> rows, String kind, String norm) {
        return rows.stream()
                .filter(r -> kind.equals(LlamaRows.kind(r)) && r.norm().equals(norm))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no row " + kind + " of " + norm));
    }

    @Test
    void whatAllRoundsShareFallsOut() {
        double[] identity = noise(1, 15);
        LayerCost cost = LayerCost.of(plus(identity, 7e6), identity);
        assertThat(cost.middle().median()).isCloseTo(7e6, within(1.0));
        assertThat(cost.middle().spread()).isLessThan(1e-6);
        assertThat(cost.shares()[0]).isCloseTo(7e6 / (identity[0] + 7e6), within(1e-9));
    }

    @Test
    void theCostIsTakenRoundByRoundAndNotOfMedians() {
        // The median of the passes differs by 2, that of the differences is 1.
        LayerCost cost = LayerCost.of(new double[] {11, 21, 32}, new double[] {10, 20, 21});
        assertThat(cost.nanos()).containsExactly(1, 1, 11);
        assertThat(cost.middle().median()).isEqualTo(1);
    }

    @Test
    void whatComesOnceIsNotScaled() {
        LayerCost cost = new LayerCost(new double[] {52, 62}, new double[] {0, 0});
        assertThat(cost.scaled(5, 65, new double[2])).containsExactly(52 * 13, 62 * 13);
        assertThat(cost.scaled(5, 65, new double[] {2, 2})).containsExactly(50 * 13 + 2, 60 * 13 + 2);
    }

    @Test
    void rowsSayPassesCostsSharesAndLikeAgainstLike() {
        double[] identity = noise(2, 21);
        List<double[]> passes =
                List.of(identity, plus(identity, 9e6), plus(identity, 4e6), plus(identity, 6e6), plus(identity, 5e6));
        List<double[]> alone = List.of(same(8e6), same(2e6), same(5e6), same(3e6));
        List<BenchRow> rows = LlamaNorms.rows(ROWS, NORMS, 5, 65, new LlamaNorms.Times(passes, alone, same(1e6)));
        BenchRow pass = row(rows, "inference", "dyt");
        assertThat(pass.baseline()).isEqualTo("identity");
        assertThat(pass.nsPerElement()).isCloseTo((Samples.median(identity) + 5e6) / 10, within(1.0));
        assertThat(pass.direction()).isEqualTo("forward");
        assertThat(row(rows, "inference", "identity").ratio()).isNull();

        BenchRow eager = row(rows, "norms in inference", "rmsnorm(kernel=libtorch)");
        assertThat(eager.value()).isCloseTo(9, within(1e-6));
        assertThat(eager.unit()).isEqualTo("ms");
        assertThat(row(rows, "share of norms in inference", "dyt").value())
                .isCloseTo(100 * Samples.median(Samples.ratios(same(5e6), passes.get(4))), within(1e-9));

        // DyT's cost has the scalar behind the embedding in it, once; RMSNorm's has not.
        assertThat(row(rows, "norms in inference, scaled to all 65", "dyt").value())
                .isCloseTo(4 * 13 + 1, within(1e-6));
        assertThat(row(rows, "norms in inference, scaled to all 65", "rmsnorm(kernel=fused)")
                        .value())
                .isCloseTo(4 * 13, within(1e-6));

        BenchRow fused = row(rows, "norms in inference, DyT against RMSNorm", "dyt");
        assertThat(fused.baseline()).isEqualTo("rmsnorm(kernel=fused)");
        assertThat(fused.value()).isCloseTo(1, within(1e-6));
        BenchRow composed = row(rows, "norms in inference, DyT against RMSNorm", "dyt(kernel=eager)");
        assertThat(composed.baseline()).isEqualTo("rmsnorm(kernel=libtorch)");
        assertThat(composed.value()).isCloseTo(-3, within(1e-6));

        BenchRow byItself = row(rows, "norms alone in inference", "dyt");
        assertThat(byItself.nsPerElement()).isEqualTo(3e5);
        assertThat(byItself.ratio()).isCloseTo(Samples.median(Samples.ratios(same(3e6), passes.get(4))), within(1e-12));
        assertThat(row(rows, "norms alone in inference, DyT against RMSNorm", "dyt")
                        .ratio())
                .isEqualTo(1.5);
    }

    @Test
    void theWholeModelIsNotScaled() {
        LlamaNorms.Times times =
                new LlamaNorms.Times(List.of(noise(3, 5), noise(4, 5)), List.of(noise(5, 5)), noise(6, 5));
        List<NormSpec> norms = Stream.of("identity", "rmsnorm(kernel=fused)")
                .map(NormSpec::parse)
                .toList();
        List<BenchRow> rows = LlamaNorms.rows(ROWS, norms, 65, 65, times);
        assertThat(rows).noneMatch(r -> r.what().contains(LlamaRows.SCALED));
        assertThat(rows).noneMatch(r -> r.what().contains(LlamaRows.SCALAR));
        assertThat(rows).noneMatch(r -> r.what().contains(LlamaRows.AGAINST));
    }

    @Test
    void aDifferenceWithinItsSpreadIsNone() {
        double[] identity = noise(6, 41);
        List<NormSpec> norms = Stream.of("identity", "rmsnorm(kernel=fused)", "dyt")
                .map(NormSpec::parse)
                .toList();
        double[] shaken = new double[41];
        Random random = new Random(7);
        Arrays.setAll(shaken, i -> identity[i] + 1e5 + 1e7 * random.nextGaussian());
        LlamaNorms.Times times = new LlamaNorms.Times(
                List.of(identity, plus(identity, 5e7), shaken),
                List.of(new double[41], new double[41]),
                new double[41]);
        List<BenchRow> rows = LlamaNorms.rows(ROWS, norms, 5, 5, times);
        assertThat(LlamaTable.stands(row(rows, "norms in inference", "dyt"))).isFalse();
        assertThat(LlamaTable.stands(row(rows, "norms in inference", "rmsnorm(kernel=fused)")))
                .isTrue();
        List<List<String>> cells = LlamaTable.of(rows).getFirst().cells();
        assertThat(cells.get(3)).contains("dyt", "none seen");
        assertThat(cells.get(2)).doesNotContain("none seen");
        assertThat(LlamaFinding.sentences(rows)).hasSize(2).satisfies(said -> {
            assertThat(said.get(0)).startsWith("In inference of llama_x, 1 x 10 tokens, a pass with dyt");
            assertThat(said.get(1)).contains("by subtraction nothing that can be told from noise and ");
        });
    }

    @Test
    void partsLeaveARest() {
        double[] whole = {100, 200};
        List<BenchRow> rows =
                ROWS.parts("prefill", whole, List.of("a", "b"), List.of(new double[] {60, 120}, new double[] {10, 20}));
        assertThat(rows).extracting(BenchRow::norm).containsExactly("a", "b", "the rest");
        assertThat(rows).extracting(BenchRow::ratio).containsExactly(0.6, 0.1, 0.3);
        assertThat(whole).containsExactly(100, 200);
    }

    @Test
    void aShareIsReachedFromAbove() {
        double[] own = {100, 100};
        BenchRow share = ROWS.share(0.8, "prefill share", "rmsnorm", own, "products", new double[] {85, 85});
        assertThat(share.value()).isEqualTo(0.85);
        assertThat(share.atLeast()).isTrue();
        assertThat(share.reached()).isTrue();
        assertThat(ROWS.share(0.9, "prefill share", "rmsnorm", own, "products", new double[] {85, 85})
                        .reached())
                .isFalse();
        assertThat(ROWS.share(null, "prefill share", "rmsnorm", own, "products", new double[] {85, 85})
                        .reached())
                .isNull();
        assertThat(ROWS.atMost(1.6, "step", "rmsnorm", own, "products", new double[] {50, 50})
                        .reached())
                .isFalse();
    }

    @Test
    void whatWasNotTimedInTurnIsAsUncertainAsBoth() {
        BenchRow row = ROWS.apart("step", "with", new double[] {90, 100, 110}, "without", new double[] {45, 50, 55});
        assertThat(row.ratio()).isEqualTo(2);
        assertThat(row.spread()).isCloseTo(0.08 + 0.08, within(1e-9));
    }
}
