package io.github.dyt4j.lab;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.BoundingBox;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.Media;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Opens a report in the Chromium of the machine; skipped where there is none. {@code -Ddyt4j.screenshots=DIR} keeps pictures. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init")
class ReportInBrowserTest {
    @TempDir
    static Path folder;

    private Chromium chromium;

    @BeforeAll
    void open() {
        chromium = Chromium.start();
    }

    @AfterAll
    void close() {
        if (chromium != null) {
            chromium.close();
        }
    }

    private Page page(int width, ColorScheme scheme, Synthetic.Comparison c) throws Exception {
        Path file = folder.resolve("report.html");
        Files.writeString(file, Report.html(c.results(), c.data(), "model: vit\nnorm: layernorm\n", ""));
        return chromium.open(file, width, scheme);
    }

    @Test
    void drawsEveryChartAndSaysNothingInTheConsole() throws Exception {
        chromium.forget();
        for (ColorScheme scheme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
            Page page = page(1200, scheme, Synthetic.comparison(3));
            // 1 difference, 2 curves, 3 x 4 taps, 2 x 4 sites of α, 2 of the last α
            assertThat(page.locator(".chart").count()).isEqualTo(1 + 2 + 12 + 8 + 2);
            Chromium.everyChartDrew(page);
            Chromium.noSidewaysScroll(page);
            assertThat(page.locator("#perplexity").isVisible()).isFalse();
            Chromium.picture(page, scheme.name().toLowerCase(java.util.Locale.ROOT));
            page.getByText("all 9").first().click();
            assertThat(page.locator("#taps .chart").count()).isEqualTo(27);
            Chromium.everyChartDrew(page);
            page.context().close();
        }
        assertThat(chromium.console()).isEmpty();
        assertThat(chromium.fetched()).allMatch(url -> url.startsWith("file:")).hasSize(2);
    }

    /** Loss and perplexity are two charts, and words are those of text. */
    @Test
    void drawsTheLossAndThePerplexityOfLanguageModels() throws Exception {
        chromium.forget();
        Page page = page(1200, ColorScheme.LIGHT, Synthetic.ofText(3));
        assertThat(page.locator(".chart").count()).isEqualTo(1 + 3 + 12 + 8 + 2);
        Chromium.everyChartDrew(page);
        Chromium.noSidewaysScroll(page);
        Chromium.picture(page, "text");
        assertThat(page.innerText("#test h3")).matches("Test loss ends at 1\\.5\\d\\d with RMSNorm, .*");
        assertThat(page.innerText("#perplexity h3")).matches("Test perplexity ends at 4\\.[45]\\d with RMSNorm, .*");
        assertThat(page.innerText("#difference figcaption"))
                .contains("Left is better")
                .doesNotContain("image");
        Locator chart = page.locator("#perplexity .chart");
        chart.scrollIntoViewIfNeeded();
        BoundingBox box = chart.boundingBox();
        page.mouse().move(box.x + box.width / 2, box.y + box.height / 2);
        Locator tip = chart.locator(".tip");
        tip.waitFor();
        assertThat(tip.innerText()).contains("step", "RMSNorm").containsPattern("\\d\\.\\d\\d\\s*± 0\\.\\d\\d");
        page.context().close();
        assertThat(chromium.console()).isEmpty();
    }

    @Test
    void fitsANarrowWindow() throws Exception {
        Page page = page(400, ColorScheme.LIGHT, Synthetic.comparison(3));
        Chromium.noSidewaysScroll(page);
        Chromium.everyChartDrew(page);
        Chromium.picture(page, "narrow");
        page.context().close();
    }

    @Test
    void printsInLight() throws Exception {
        Page page = page(1000, ColorScheme.DARK, Synthetic.comparison(3));
        page.emulateMedia(new Page.EmulateMediaOptions().setMedia(Media.PRINT));
        byte[] pdf = page.pdf();
        assertThat(pdf).startsWith("%PDF".getBytes(java.nio.charset.StandardCharsets.US_ASCII));
        String dir = System.getProperty("dyt4j.screenshots");
        if (dir != null) {
            Files.write(Path.of(dir, "print.pdf"), pdf);
        }
        page.context().close();
    }

    @Test
    void pointingAtAChartShowsItsValues() throws Exception {
        Page page = page(1200, ColorScheme.LIGHT, Synthetic.comparison(3));
        for (String figure : List.of("loss", "test", "alpha")) {
            Locator chart = page.locator("#" + figure + " .chart").first();
            chart.scrollIntoViewIfNeeded();
            BoundingBox box = chart.boundingBox();
            page.mouse().move(box.x + box.width / 2, box.y + box.height / 2);
            Locator tip = chart.locator(".tip");
            tip.waitFor();
            assertThat(tip.innerText()).as(figure).contains("step").containsPattern("\\d\\.\\d");
            page.mouse().move(0, 0);
        }
        Chromium.picture(page, "hover");
        page.context().close();
    }

    @Test
    void ctrlAndTheWheelZoomAndADoubleClickGoesBack() throws Exception {
        Page page = page(1200, ColorScheme.LIGHT, Synthetic.comparison(3));
        Locator chart = page.locator("#loss .chart");
        chart.scrollIntoViewIfNeeded();
        String before = chart.innerHTML();
        BoundingBox box = chart.boundingBox();
        page.mouse().move(box.x + 300, box.y + 100);
        page.keyboard().down("Control");
        page.mouse().wheel(0, -500);
        page.keyboard().up("Control");
        page.waitForTimeout(300);
        String zoom =
                "() => echarts.getInstanceByDom(document.querySelector('#loss .chart')).getOption().dataZoom[0].end"
                        + " - echarts.getInstanceByDom(document.querySelector('#loss .chart')).getOption().dataZoom[0].start";
        assertThat(((Number) page.evaluate(zoom)).doubleValue()).isLessThan(99);
        assertThat(chart.innerHTML()).isNotEqualTo(before);
        page.mouse().dblclick(box.x + 300, box.y + 100);
        assertThat(((Number) page.evaluate(zoom)).doubleValue()).isEqualTo(100);
        page.context().close();
    }

    @Test
    void anUnfinishedComparisonIsAPageToo() throws Exception {
        chromium.forget();
        for (int seeds : new int[] {0, 1}) {
            Page page = page(1200, ColorScheme.LIGHT, Synthetic.comparison(seeds));
            assertThat(page.innerText("body")).contains("Not whole yet");
            Chromium.everyChartDrew(page);
            Chromium.picture(page, "seeds-" + seeds);
            page.context().close();
        }
        assertThat(chromium.console()).isEmpty();
    }
}
