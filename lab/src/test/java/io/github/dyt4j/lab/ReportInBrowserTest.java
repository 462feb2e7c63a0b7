package io.github.dyt4j.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.BoundingBox;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.Media;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
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

    private Playwright playwright;
    private Browser browser;
    private final List<String> console = new ArrayList<>();
    private final List<String> fetched = new ArrayList<>();

    @BeforeAll
    void open() {
        Optional<Path> chromium = chromium();
        assumeTrue(chromium.isPresent(), "no chromium on the PATH: the browser test of the report is skipped");
        playwright = Playwright.create(
                new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
        browser = playwright
                .chromium()
                .launch(new BrowserType.LaunchOptions()
                        .setExecutablePath(chromium.orElseThrow())
                        .setArgs(List.of("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")));
    }

    @AfterAll
    void close() {
        if (playwright != null) {
            playwright.close();
        }
    }

    private static Optional<Path> chromium() {
        return Stream.of(System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .flatMap(dir -> Stream.of("chromium", "chromium-browser", "google-chrome")
                        .map(name -> Path.of(dir, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private Page page(int width, ColorScheme scheme, Synthetic.Comparison c) throws Exception {
        Path file = folder.resolve("report.html");
        Files.writeString(file, Report.html(c.results(), c.data(), "model: vit\nnorm: layernorm\n"));
        BrowserContext context = browser.newContext(new Browser.NewContextOptions()
                .setViewportSize(width, 900)
                .setColorScheme(scheme)
                .setOffline(true));
        Page page = context.newPage();
        page.onConsoleMessage(m -> console.add(m.type() + ": " + m.text()));
        page.onPageError(e -> console.add("uncaught: " + e));
        page.onRequest(r -> fetched.add(r.url()));
        page.navigate(file.toUri().toString());
        return page;
    }

    /** Charts whose drawing holds something: paths in the SVG, or coloured pixels in the canvas. */
    private static void everyChartDrew(Page page) {
        Object empty = page.evaluate("""
                () => [...document.querySelectorAll('.chart')].filter((c) => {
                  const svg = c.querySelector('svg');
                  const drawn = echarts.getInstanceByDom(c);
                  if (!drawn || drawn.getWidth() !== c.clientWidth || drawn.getHeight() !== c.clientHeight) return true;
                  if (svg) return svg.querySelectorAll('path').length < 10;
                  const canvas = c.querySelector('canvas');
                  if (!canvas || !canvas.width) return true;
                  const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
                  let painted = 0;
                  for (let i = 3; i < pixels.length; i += 4) if (pixels[i]) painted++;
                  return painted < 1000;
                }).map((c) => c.getAttribute('aria-label'))""");
        assertThat(empty)
                .as("charts that did not draw, or not to the size of their box")
                .isEqualTo(List.of());
    }

    private static void noSidewaysScroll(Page page) {
        assertThat(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
                .isEqualTo(0);
    }

    private static void picture(Page page, String name) {
        String dir = System.getProperty("dyt4j.screenshots");
        if (dir != null) {
            page.screenshot(new Page.ScreenshotOptions().setFullPage(true).setPath(Path.of(dir, name + ".png")));
        }
    }

    @Test
    void drawsEveryChartAndSaysNothingInTheConsole() throws Exception {
        console.clear();
        fetched.clear();
        for (ColorScheme scheme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
            Page page = page(1200, scheme, Synthetic.comparison(3));
            // 1 difference, 2 curves, 3 x 4 taps, 2 x 4 sites of α, 2 of the last α
            assertThat(page.locator(".chart").count()).isEqualTo(1 + 2 + 12 + 8 + 2);
            everyChartDrew(page);
            noSidewaysScroll(page);
            picture(page, scheme.name().toLowerCase(java.util.Locale.ROOT));
            page.getByText("all 9").first().click();
            assertThat(page.locator("#taps .chart").count()).isEqualTo(27);
            everyChartDrew(page);
            page.context().close();
        }
        assertThat(console).isEmpty();
        assertThat(fetched).allMatch(url -> url.startsWith("file:")).hasSize(2);
    }

    @Test
    void fitsANarrowWindow() throws Exception {
        Page page = page(400, ColorScheme.LIGHT, Synthetic.comparison(3));
        noSidewaysScroll(page);
        everyChartDrew(page);
        picture(page, "narrow");
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
        picture(page, "hover");
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
        console.clear();
        for (int seeds : new int[] {0, 1}) {
            Page page = page(1200, ColorScheme.LIGHT, Synthetic.comparison(seeds));
            assertThat(page.innerText("body")).contains("Not whole yet");
            everyChartDrew(page);
            picture(page, "seeds-" + seeds);
            page.context().close();
        }
        assertThat(console).isEmpty();
    }
}
