package io.github.dyt4j.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.lab.RateSearch.Choice;
import io.github.dyt4j.lab.Results.Run;
import io.github.dyt4j.lab.Results.Setting;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RateSearchTest {
    private static final List<Double> RATES = List.of(1e-4, 1e-3, 1e-2);

    private static Run run(String norm, int seed, double lr, @Nullable Double value, boolean diverged) {
        return new Run(norm, seed, value, value, diverged, 10, 1 << 20, List.of(), lr);
    }

    private static Run run(double lr, @Nullable Double value, boolean diverged) {
        return run("dyt", 0, lr, value, diverged);
    }

    private static double chosen(boolean higherIsBetter, Run... runs) {
        return RateSearch.choose(RATES, List.of(runs), higherIsBetter).orElseThrow();
    }

    @Test
    void theBestValueWinsWhicheverWayIsBetter() {
        Run[] runs = {run(1e-4, 70.0, false), run(1e-3, 80.0, false), run(1e-2, 75.0, false)};
        assertThat(chosen(true, runs)).isEqualTo(1e-3);
        assertThat(chosen(false, runs)).isEqualTo(1e-4);
    }

    @Test
    void aRunThatDivergedLosesWhateverItsBest() {
        assertThat(chosen(true, run(1e-4, 20.0, false), run(1e-3, 80.0, true), run(1e-2, 90.0, true)))
                .isEqualTo(1e-4);
        assertThat(chosen(true, run(1e-4, 20.0, true), run(1e-3, 80.0, true), run(1e-2, null, true)))
                .isEqualTo(1e-3);
        assertThat(chosen(true, run(1e-4, null, true), run(1e-3, null, true), run(1e-2, null, true)))
                .isEqualTo(1e-4);
    }

    @Test
    void ofEqualsTheLowerRateWins() {
        assertThat(chosen(true, run(1e-2, 80.0, false), run(1e-3, 80.0, false), run(1e-4, 70.0, false)))
                .isEqualTo(1e-3);
    }

    @Test
    void nothingIsChosenBeforeEveryRateHasEnded() {
        assertThat(RateSearch.choose(RATES, List.of(run(1e-4, 70.0, false), run(1e-3, 80.0, false)), true))
                .isEmpty();
        assertThat(RateSearch.choose(List.of(), List.of(), true)).isEmpty();
    }

    private static Results results() {
        List<Run> dyt = List.of(run(1e-4, 70.0, false), run(1e-3, 80.0, false), run(1e-2, 40.0, true));
        List<Run> fixup = List.of(
                run("fixup", 0, 1e-4, 60.0, false),
                run("fixup", 0, 1e-3, 12.0, true),
                run("fixup", 0, 1e-2, null, true));
        RateSearch search = new RateSearch(
                RATES, List.of(new Choice("dyt", "DyT", 1e-3, dyt), new Choice("fixup", "Fixup <b>", 1e-4, fixup)));
        SequencedMap<String, String> labels = new LinkedHashMap<>();
        labels.put("dyt", "DyT");
        labels.put("fixup", "Fixup");
        Run second = run("dyt", 1, 1e-3, 81.0, false);
        return Results.of(
                new Setting("r", "dyt4j compare r", Map.of(), "test accuracy", "%", true, labels, 8, search),
                List.of(
                        new Outcome(dyt.get(1), new double[0]),
                        new Outcome(second, new double[0]),
                        new Outcome(fixup.getFirst(), new double[0])));
    }

    @Test
    void theTableMarksWhatWasChosenAndNamesWhatDiverged() {
        String table = RateTable.of(results());
        assertThat(table)
                .contains("<th scope=\"col\">lr 0.0001</th>", "<th scope=\"col\">Norm or method</th>")
                .contains("<strong>80.0</strong><small>chosen</small>", "40.0<small>diverged</small>")
                .contains("<strong>60.0</strong><small>chosen</small>", "–<small>diverged</small>")
                .contains("Fixup &lt;b&gt;")
                .contains("the lowest of the grid for Fixup &lt;b&gt;: a better one may lie beyond")
                .contains("flatters a little");
    }

    @Test
    void endsOfTheGridAreNamedAndTheMiddleIsNot() {
        RateSearch search = Objects.requireNonNull(results().search());
        assertThat(search.beyond())
                .isEqualTo("The chosen rate is the lowest of the grid for Fixup <b>: a better one may lie beyond.");
        RateSearch high = new RateSearch(
                RATES,
                List.of(
                        new Choice("a", "A", 1e-2, List.of()),
                        new Choice("b", "B", 1e-4, List.of()),
                        new Choice("c", "C", 1e-2, List.of())));
        assertThat(high.beyond())
                .isEqualTo(
                        "The chosen rate is the lowest of the grid for B and the highest for A and C: a better one may lie beyond.");
        assertThat(new RateSearch(RATES, List.of(new Choice("a", "A", 1e-3, List.of()))).beyond())
                .isEmpty();
    }

    @Test
    void csvHasTheWholeGridAndTheSummaryWhereARunCounts() {
        Results r = results();
        List<String> lines = r.csv().lines().toList();
        assertThat(lines.getFirst()).endsWith(",finding,lr,chosen");
        assertThat(lines).hasSize(1 + 7);
        assertThat(lines.get(1)).startsWith("dyt,0,80.0").endsWith(",baseline,0.001,true");
        assertThat(lines).contains("dyt,0,40.0,40.0,true,10.0,1048576,,,,,,,,,0.01,false");
        assertThat(lines.stream().map(l -> l.split(",", -1).length).distinct()).hasSize(1);
        assertThat(r.ended()).isEqualTo(7);
        assertThat(r.runsToCome()).isEqualTo(1);
    }
}
