package io.github.dyt4j.lab.bench;

import static io.github.dyt4j.lab.bench.BenchFinding.LAYERNORM;
import static io.github.dyt4j.lab.bench.BenchFinding.OWN_LAYERNORM;
import static io.github.dyt4j.lab.bench.BenchRows.SHAPES;
import static io.github.dyt4j.lab.bench.BenchRows.layer;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BenchPageTest {
    private static final String HOSTILE =
            "dyt</script><script>alert(1)</script><img src=x onerror=\"alert(2)\">&{{data}}";

    private static String visible(String html) {
        return html.replaceAll("(?s)<script.*?</script>", "").replaceAll("(?s)<style.*?</style>", "");
    }

    private static String found(BenchRow... rows) {
        return new BenchFinding(List.of(rows)).headline();
    }

    @Test
    void isOneFileThatFetchesNothing() {
        String html = BenchPage.html(BenchRows.whole());
        assertThat(html).contains("default-src 'none'");
        assertThat(html.split("</script>", -1))
                .as("three scripts, none ended from inside")
                .hasSize(4);
        assertThat(visible(html)).doesNotContain("<link", "<img", "src=", "href=", "{{", "http://", "https://");
        assertThat(html.replaceAll("(?s)<script.*?</script>", "")).doesNotContain("@import", "url(");
    }

    @Test
    void hostileTextStaysText() {
        List<BenchRow> rows = List.of(
                layer(HOSTILE, HOSTILE, SHAPES[0], 0.5, 0.1),
                BenchRows.goal(layer(HOSTILE, HOSTILE, SHAPES[0], 0.5, 0.1), HOSTILE, 3.0, HOSTILE, 1));
        String html = BenchPage.html(
                new BenchResult(Map.of(HOSTILE, HOSTILE, "command", HOSTILE, "nested", Map.of(HOSTILE, 1)), rows));
        assertThat(html).doesNotContain("<script>alert", "<img src=x");
        assertThat(html.split("</script>", -1)).hasSize(4);
        assertThat(visible(html)).contains("&lt;img src=x onerror=&quot;alert(2)&quot;&gt;&amp;{{data}}");
    }

    @Test
    void theTableHasEveryRowInOrder() {
        BenchResult result = BenchRows.whole();
        String html = visible(BenchPage.html(result));
        String table = html.substring(html.indexOf("<table class=\"rows\">"));
        String[] lines = table.substring(table.indexOf("<tbody>"), table.indexOf("</tbody>"))
                .split("<tr>");
        assertThat(lines).hasSize(result.rows().size() + 1);
        for (int i = 0; i < result.rows().size(); i++) {
            BenchRow r = result.rows().get(i);
            assertThat(lines[i + 1])
                    .contains(
                            ">" + r.what() + "<",
                            ">" + r.norm() + "<",
                            ">" + r.direction() + "<",
                            ">" + r.dtype() + "<");
            assertThat(lines[i + 1].split("<td", -1)).hasSize(BenchRow.class.getRecordComponents().length);
        }
        assertThat(table).contains(">3.1e−7<", ">16,384<", ">380<");
    }

    @Test
    void goalsSayWhatIsNotReached() {
        String html = visible(BenchPage.html(BenchRows.whole()));
        assertThat(html).contains("3 of 4 reached", "<strong class=\"no\">no</strong>", "1.15× ± 5.0%", "≤ 10.0 µs");
        assertThat(visible(BenchPage.html(new BenchResult(Map.of(), List.of()))))
                .contains("No goal was asked", "not recorded");
    }

    @Test
    void theChartsDataHasLimitsAndEstimates() {
        assertThat(BenchPage.html(BenchRows.whole()))
                .contains("\"triadGbPerSecond\":30.5", "\"peakGflops\":230.0", "\"flops\":52.0", "\"mib\":3.0");
        assertThat(Flops.perElement("dyt(kernel=eager)", "both")).isNull();
        assertThat(Flops.perElement("dyt(alpha=1)", "forward")).isEqualTo(22);
        assertThat(Flops.perElement("pytorch dyt", "forward")).isNull();
    }

    @Test
    void faster() {
        assertThat(found(layer("dyt", LAYERNORM, SHAPES[0], 0.5, 0.04), layer("dyt", LAYERNORM, SHAPES[1], 0.9, 0.04)))
                .isEqualTo(
                        "Forward and backward inside autograd, dyt is faster than libtorch’s LayerNorm on all 2 shapes"
                                + " (0.50 to 0.90 of its time).");
    }

    @Test
    void slower() {
        assertThat(found(layer("dyt", LAYERNORM, SHAPES[0], 1.3, 0.04)))
                .isEqualTo(
                        "Forward and backward inside autograd, dyt is slower than libtorch’s LayerNorm on the one shape"
                                + " (1.30 of its time).");
    }

    @Test
    void noDifference() {
        assertThat(found(layer("dyt", OWN_LAYERNORM, SHAPES[0], 0.9, 0.11)))
                .isEqualTo(
                        "Forward and backward inside autograd, dyt is no different from this project’s own LayerNorm on the"
                                + " one shape (0.90 of its time, within the spread).");
    }

    @Test
    void aMixtureCountsEveryShape() {
        assertThat(found(
                        layer("dyt", LAYERNORM, SHAPES[0], 1.09, 0.04),
                        layer("dyt", LAYERNORM, SHAPES[1], 0.98, 0.04),
                        layer("dyt", LAYERNORM, SHAPES[2], 0.3, 0.04),
                        layer("dyt(kernel=eager)", LAYERNORM, SHAPES[2], 3.0, 0.04),
                        layer("dyt", OWN_LAYERNORM, SHAPES[2], 1.2, 0.04)))
                .isEqualTo(
                        "Forward and backward inside autograd, dyt is faster than libtorch’s LayerNorm on 1 of 3 shapes (0.30"
                                + " of its time), slower on 1 (1.09) and no different on 1 (0.98, within the spread); slower than this"
                                + " project’s own LayerNorm on the one shape (1.20 of its time).");
    }

    @Test
    void againstTheOwnLayerNormByWayOfLibtorchs() {
        assertThat(found(
                        layer("dyt", LAYERNORM, SHAPES[0], 0.6, 0.05),
                        layer(OWN_LAYERNORM, LAYERNORM, SHAPES[0], 0.5, 0.05),
                        layer("dyt", LAYERNORM, SHAPES[1], 0.6, 0.05),
                        layer(OWN_LAYERNORM, LAYERNORM, SHAPES[1], 0.57, 0.05)))
                .endsWith(
                        "; slower than this project’s own LayerNorm on 1 of 2 shapes (1.20 of its time) and no different on 1"
                                + " (1.05, within the spread).");
    }

    @Test
    void withoutABaselineNothingIsClaimed() {
        String nothing = "Nothing can be said of DyT here: no row holds its forward and backward against another norm.";
        assertThat(found(layer("dyt", null, SHAPES[0], null, 0.1))).isEqualTo(nothing);
        assertThat(found()).isEqualTo(nothing);
        List<BenchRow> rows = new ArrayList<>(BenchRows.whole().rows());
        rows.removeIf(r -> r.norm().startsWith("dyt"));
        assertThat(BenchPage.html(new BenchResult(BenchRows.environment(), rows)))
                .contains(nothing);
    }

    @Test
    void kernelsAndStepsHaveSentencesOfTheirOwn() {
        assertThat(new BenchFinding(BenchRows.whole().rows()).more())
                .hasSize(2)
                .anyMatch(s -> s.startsWith("Forward and backward as kernels alone, without autograd, dyt is"))
                .anyMatch(s ->
                        s.equals("In a model’s whole training step, dyt is no different from libtorch’s LayerNorm on"
                                + " the one shape (1.00 of its time, within the spread)."));
    }

    @Test
    void aLlamaHasItsTablesItsFindingAndItsGoal() {
        String html = visible(BenchPage.html(BenchRows.llama()));
        assertThat(html)
                .contains(
                        "<h1>In inference of llama_7b, 2 of 32 layers of the true width, 1 x 512 tokens, a pass with dyt is"
                                + " no different from one with rmsnorm(kernel=fused) (1.000 of its time, within the spread).</h1>")
                .contains("<p>By themselves its norms take 0.46% of it and the other’s 0.79%; by subtraction"
                        + " nothing that can be told from noise and 0.79%.</p>")
                .contains(
                        "In training of llama_7b",
                        "a pass with dyt(kernel=eager) is faster than one with rmsnorm(kernel=libtorch)")
                .contains("all 65 norms, ms", "alone, ms", "llama-norms", "llama-parts", "3072")
                .contains("0.714 ± ", "≥ 0.80", "<strong class=\"no\">no</strong>")
                .contains(
                        "In inference 14 passes of each norm were timed, with 2 of 32 layers and 1 x 512 tokens",
                        "4.0 GB at its peak");
        assertThat(visible(BenchPage.html(BenchRows.whole()))).doesNotContain("In a LLaMA", "llama-norms");
        // Both, where both were measured: norms alone speak first.
        List<BenchRow> both = new ArrayList<>(BenchRows.whole().rows());
        both.addAll(BenchRows.llama().rows());
        assertThat(visible(BenchPage.html(new BenchResult(BenchRows.environment(), both))))
                .contains("<h1>Forward and backward inside autograd")
                .contains("<p>In inference of llama_7b");
    }
}
