package io.github.dyt4j.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.lab.Results.Run;
import io.github.dyt4j.lab.Results.Setting;
import io.github.dyt4j.lab.Results.Summary;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

class ResultsTest {
    private static final Setting LOSS = new Setting(
            "r",
            "dyt4j compare r",
            Map.of("java", "25"),
            "test loss",
            "nats",
            false,
            labels("layernorm", "dyt(alpha=0.5, weight=false)"),
            6,
            null);

    private static SequencedMap<String, String> labels(String... norms) {
        SequencedMap<String, String> labels = new LinkedHashMap<>();
        for (String norm : norms) {
            labels.put(norm, NormLabel.of(norm));
        }
        return labels;
    }

    private static Outcome run(String norm, int seed, @Nullable Double value, boolean diverged) {
        return new Outcome(new Run(norm, seed, value, value, diverged, 10, 1 << 20, List.of(), null), new double[0]);
    }

    @Test
    void pairsBySeedWhateverTheOrder() {
        String dyt = LOSS.norms().lastEntry().getKey();
        Results r = Results.of(
                LOSS,
                List.of(
                        run(dyt, 2, 1.3, false),
                        run("layernorm", 0, 1.0, false),
                        run(dyt, 0, 1.1, false),
                        run("layernorm", 2, 1.2, false),
                        run("layernorm", 1, 1.1, false),
                        run(dyt, 1, 1.2, false)));
        Summary s = r.summary().get(1);
        assertThat(s.difference()).isCloseTo(0.1, org.assertj.core.api.Assertions.within(1e-12));
        assertThat(s.finding()).isEqualTo("worse");
        assertThat(s.bootstrapLow95()).isNull();
        assertThat(r.runs().getFirst().norm()).isEqualTo("layernorm");
        assertThat(r.verdict())
                .isEqualTo(
                        "Against LayerNorm at 1.100 nats test loss: DyT (α₀ = 0.5, weight=false) is 0.100 nats behind "
                                + "(95% interval +0.100 to +0.100).");
    }

    @Test
    void jsonHasTheDocumentedFieldsAndNoNumbersThatJsonHasNot() {
        String dyt = LOSS.norms().lastEntry().getKey();
        Results r = Results.of(LOSS, List.of(run("layernorm", 0, 1.0, false), run(dyt, 0, null, true)));
        JsonNode json = Report.JSON.readTree(Report.JSON.writeValueAsString(r));
        assertThat(new ArrayList<>(json.propertyNames()))
                .containsExactlyInAnyOrder(
                        "recipe",
                        "command",
                        "environment",
                        "metric",
                        "unit",
                        "higherIsBetter",
                        "runs",
                        "summary",
                        "verdict",
                        "runsToCome",
                        "search");
        assertThat(new ArrayList<>(json.get("runs").get(0).propertyNames()))
                .containsExactlyInAnyOrder(
                        "norm", "seed", "value", "bestValue", "diverged", "msPerStep", "peakBytes", "extras", "lr");
        assertThat(new ArrayList<>(json.get("summary").get(0).propertyNames()))
                .contains("norm", "mean", "sd", "difference", "low95", "high95");
        assertThat(json.get("runs").get(1).get("value").isNull()).isTrue();
        assertThat(json.get("summary").get(0).get("sd").isNull()).isTrue();
        assertThat(json.get("runsToCome").intValue()).isEqualTo(4);
        assertThat(r.verdict()).contains("diverged in 1 of 1 run");
    }

    @Test
    void csvIsOneRectangleWithQuotedNorms() {
        String dyt = LOSS.norms().lastEntry().getKey();
        List<String> lines = Results.of(LOSS, List.of(run("layernorm", 0, 1.0, false), run(dyt, 0, 1.5, false)))
                .csv()
                .lines()
                .toList();
        assertThat(lines).hasSize(3);
        assertThat(lines.get(1)).startsWith("layernorm,0,1.0,1.0,false,10.0,1048576,1.0,,,,,,,baseline");
        assertThat(lines.get(2)).startsWith("\"dyt(alpha=0.5, weight=false)\",0,1.5,");
    }
}
