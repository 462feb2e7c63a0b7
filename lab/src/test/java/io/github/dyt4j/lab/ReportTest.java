package io.github.dyt4j.lab;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ReportTest {
    @Test
    void isOneFileThatFetchesNothing() {
        Synthetic.Comparison c = Synthetic.comparison(3);
        String html = Report.html(c.results(), c.data(), "model: x # <tag>");
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
        String html = Report.html(c.results(), c.data(), "");
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

    @Test
    void saysWhatIsStillToCome() {
        Synthetic.Comparison c = Synthetic.comparison(1);
        assertThat(c.results().verdict()).contains("too few seeds to tell");
        assertThat(Report.html(c.results(), c.data(), "")).contains("3 of 9 runs have ended");
        assertThat(Synthetic.comparison(0).results().verdict()).startsWith("Nothing can be said yet");
    }

    @Test
    void dataCannotEndItsScript() {
        assertThat(Html.script("{\"a\":\"</script><!--\"}")).doesNotContain("<");
    }
}
