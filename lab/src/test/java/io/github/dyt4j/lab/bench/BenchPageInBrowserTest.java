package io.github.dyt4j.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.ColorScheme;
import io.github.dyt4j.lab.Chromium;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Opens a bench's page in the Chromium of the machine; skipped where there is none. {@code -Ddyt4j.screenshots=DIR} keeps pictures. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@SuppressWarnings("NullAway.Init")
class BenchPageInBrowserTest {
    @TempDir
    static Path folder;

    private Chromium chromium;

    @BeforeAll
    void start() {
        chromium = Chromium.start();
    }

    @AfterAll
    void close() {
        if (chromium != null) {
            chromium.close();
        }
    }

    private Page page(int width, ColorScheme scheme, BenchResult result) throws Exception {
        Path file = folder.resolve("bench.html");
        Files.writeString(file, BenchPage.html(result));
        return chromium.open(file, width, scheme);
    }

    @Test
    void drawsEveryChartAndSaysNothingInTheConsole() throws Exception {
        chromium.forget();
        for (ColorScheme scheme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
            Page page = page(1200, scheme, BenchRows.whole());
            // bandwidth, roofline, a panel a shape
            assertThat(page.locator(".chart").count()).isEqualTo(2 + BenchRows.SHAPES.length);
            Chromium.everyChartDrew(page);
            Chromium.noSidewaysScroll(page);
            Chromium.picture(page, "bench-" + scheme.name().toLowerCase(Locale.ROOT));
            page.getByText("kernels alone, bf16, 2 threads").first().click();
            page.getByText("backward", new Page.GetByTextOptions().setExact(true))
                    .first()
                    .click();
            assertThat(page.locator("#times h3").innerText()).contains("backward: kernels alone, bf16");
            assertThat(page.locator("#roofline .chart").count())
                    .as("operations are counted for f32 alone")
                    .isEqualTo(0);
            Chromium.everyChartDrew(page);
            page.context().close();
        }
        assertThat(chromium.console()).isEmpty();
        assertThat(chromium.fetched()).allMatch(url -> url.startsWith("file:")).hasSize(2);
    }

    @Test
    void fitsANarrowWindow() throws Exception {
        Page page = page(400, ColorScheme.LIGHT, BenchRows.whole());
        Chromium.noSidewaysScroll(page);
        Chromium.everyChartDrew(page);
        Chromium.picture(page, "bench-narrow");
        page.context().close();
    }

    @Test
    void aLlamaHasChartsOfItsOwn() throws Exception {
        chromium.forget();
        for (ColorScheme scheme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
            Page page = page(1200, scheme, BenchRows.llama());
            assertThat(page.locator("#llama-norms .chart").count()).isEqualTo(2);
            assertThat(page.locator("#llama-parts .chart").count()).isEqualTo(1);
            assertThat(page.locator("#limit").count())
                    .as("there is nothing of norms alone")
                    .isEqualTo(0);
            Chromium.everyChartDrew(page);
            Chromium.noSidewaysScroll(page);
            Chromium.picture(page, "bench-llama-" + scheme.name().toLowerCase(Locale.ROOT));
            page.context().close();
        }
        Page narrow = page(400, ColorScheme.LIGHT, BenchRows.llama());
        Chromium.noSidewaysScroll(narrow);
        Chromium.picture(narrow, "bench-llama-narrow");
        narrow.context().close();
        List<BenchRow> both = new ArrayList<>(BenchRows.whole().rows());
        both.addAll(BenchRows.llama().rows());
        Page joined = page(1200, ColorScheme.LIGHT, new BenchResult(BenchRows.environment(), both));
        joined.getByText("backward", new Page.GetByTextOptions().setExact(true))
                .first()
                .click();
        assertThat(joined.locator("#llama .chart").count())
                .as("a choice of norms leaves the LLaMA's charts alone")
                .isEqualTo(3);
        Chromium.everyChartDrew(joined);
        joined.context().close();
        assertThat(chromium.console()).isEmpty();
    }

    @Test
    void aBenchOfNothingIsAPageToo() throws Exception {
        chromium.forget();
        Page page = page(1000, ColorScheme.LIGHT, new BenchResult(Map.of(), List.of()));
        assertThat(page.innerText("body")).contains("No row of this run can be drawn", "Nothing can be said");
        page.context().close();
        assertThat(chromium.console()).isEmpty();
    }
}
