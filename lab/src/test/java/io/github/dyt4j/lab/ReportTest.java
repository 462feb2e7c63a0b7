package io.github.dyt4j.lab;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.dyt4j.training.run.RunResult;
import java.util.List;
import org.junit.jupiter.api.Test;

class ReportTest {
    @Test
    void isOneFileThatFetchesNothing() {
        Synthetic.Comparison c = Synthetic.comparison(3);
        String html = Report.html(c.results(), c.data(), "model: x # <tag>", "");
        assertThat(html).contains("default-src 'none'", "&lt;tag&gt;");
        assertThat(html.split("</script>", -1))
                .as("three scripts, none ended from inside")
                .hasSize(4);
        String page = html.replaceAll("(?s)<script.*?</script>", "");
        assertThat(page).doesNotContain("<link", "<img", "src=", "{{", "@import", "url(");
    }

    @Test
    void saysWhatTheRunsSay() {
        Synthetic.Comparison c = Synthetic.comparison(3);
        String html = Report.html(c.results(), c.data(), "", "");
        assertThat(c.results().verdict())
                .matches(
                        "Against LayerNorm at 8[23]\\.\\d% test accuracy: DyT \\(α₀ = 0\\.5\\) is [678]\\.\\d points behind "
                                + "\\(95% interval −\\d\\.\\d to −\\d\\.\\d\\); DyT \\(calibrated\\) shows no difference .*");
        assertThat(html).contains(Html.escape(c.results().verdict()));
        String behind = Verdict.amount(
                c.results(),
                Math.abs(java.util.Objects.requireNonNull(
                        c.results().summary().get(1).difference())));
        assertThat(html)
                .contains("With the paper’s start, α₀ = 0.5 at every site: it is " + behind + " behind LayerNorm");
        assertThat(html).doesNotContain("Not whole yet");
    }

    /** A loss: lower is better, in nats, with its perplexity, and with the family's rules that go with a norm. */
    @Test
    void saysWhatRunsOfLanguageModelsSay() {
        Synthetic.Comparison c = Synthetic.ofText(3);
        String html = Report.html(c.results(), c.data(), "", "");
        assertThat(c.results().verdict())
                .matches("Against RMSNorm at 1\\.51\\d nats/token test loss: DyT is 0\\.1[12]\\d nats/token behind "
                        + "\\(95% interval \\+0\\.1\\d\\d to \\+0\\.1\\d\\d\\); DyT \\(calibrated\\) .*");
        assertThat(c.results().summary().get(1).finding()).isEqualTo("worse");
        Double mean = java.util.Objects.requireNonNull(c.results().baseline().mean());
        String page = html.replaceAll("(?s)<(script|style).*?</(script|style)>", "");
        assertThat(page)
                .contains("<th scope=\"col\">perplexity</th>", "<th scope=\"col\">bits a byte</th>")
                .contains("<td data-label=\"perplexity\"><span>" + Html.fixed(Math.exp(mean), 2) + "</span></td>")
                .contains("95% over test sequences", "lower is better")
                .contains("and what the model’s rules for a norm add (listed below): the initial")
                .contains("<li>With DyT: one learned number; the table by width.</li>")
                .contains("With the paper’s start, α₀ = 0.8 at attention sites and 0.2 elsewhere, as its table")
                .contains("At the end α is ")
                .doesNotContain("augmentation", "image", "in percentage points", "RMSNorm: one");
        String images = Report.html(
                        Synthetic.comparison(3).results(),
                        Synthetic.comparison(3).data(),
                        "",
                        "")
                .replaceAll("(?s)<(script|style).*?</(script|style)>", "");
        assertThat(images)
                .contains("augmentation", "95% over test images")
                .doesNotContain("perplexity</th>", "bits a byte", "rules for", "sequence");
    }

    @Test
    void saysWhatIsStillToCome() {
        Synthetic.Comparison c = Synthetic.comparison(1);
        assertThat(c.results().verdict())
                .startsWith("One seed each: too few seeds to tell. Against ")
                .matches(".*: [^;]+ [−+]?[0-9.]+ points; [^;]+ [−+]?[0-9.]+ points\\.");
        assertThat(Report.html(c.results(), c.data(), "", "")).contains("3 of 9 runs have ended");
        assertThat(Synthetic.comparison(0).results().verdict()).startsWith("Nothing can be said yet");
    }

    @Test
    void dataCannotEndItsScript() {
        assertThat(Html.script("{\"a\":\"</script><!--\"}")).doesNotContain("<");
    }

    @Test
    void whatElseWasMeasuredHasATableAndPicturesStandInThePage() {
        var c = Synthetic.comparison(3);
        Results with = withKnn(c.results());
        String html = Report.html(with, c.data(), "", "<section id=shown></section>");
        assertThat(html)
                .contains("<h3>Also measured</h3>")
                .contains("k-NN accuracy")
                .contains("61.5 ± 0.7%");
        assertThat(html).contains("<section id=shown></section>");
        assertThat(with.csv().lines().findFirst().orElseThrow()).endsWith("finding,k-NN accuracy");
        assertThat(with.csv().lines().skip(1).findFirst().orElseThrow()).endsWith(",61.0");
        assertThat(Report.html(c.results(), c.data(), "", "")).doesNotContain("Also measured");
    }

    /** Every run's k-NN accuracy is 61 and half its seed. */
    private static Results withKnn(Results r) {
        List<Results.Run> runs = r.runs().stream()
                .filter(run -> run.seed() < 2)
                .map(run -> new Results.Run(
                        run.norm(),
                        run.seed(),
                        run.value(),
                        run.bestValue(),
                        run.diverged(),
                        run.msPerStep(),
                        run.peakBytes(),
                        List.of(new RunResult.Extra("k-NN accuracy", "%", true, 61 + run.seed())),
                        null))
                .toList();
        return new Results(
                r.recipe(),
                r.command(),
                r.environment(),
                r.metric(),
                r.unit(),
                r.higherIsBetter(),
                runs,
                r.summary(),
                r.verdict(),
                r.runsToCome(),
                null);
    }
}
