package io.github.dyt4j.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import com.microsoft.playwright.options.ColorScheme;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The Chromium of the machine, and what a page said and asked for in it. {@code -Ddyt4j.screenshots=DIR} keeps pictures. */
public final class Chromium implements AutoCloseable {
    private final Playwright playwright;
    private final Browser browser;
    private final List<String> console = new ArrayList<>();
    private final List<String> fetched = new ArrayList<>();

    private Chromium(Path executable) {
        playwright = Playwright.create(
                new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
        browser = playwright
                .chromium()
                .launch(new BrowserType.LaunchOptions()
                        .setExecutablePath(executable)
                        .setArgs(List.of("--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage")));
    }

    /** Skips the test where there is none. */
    public static Chromium start() {
        Optional<Path> executable = Stream.of(
                        System.getenv().getOrDefault("PATH", "").split(File.pathSeparator))
                .flatMap(dir -> Stream.of("chromium", "chromium-browser", "google-chrome")
                        .map(name -> Path.of(dir, name)))
                .filter(Files::isExecutable)
                .findFirst();
        assumeTrue(executable.isPresent(), "no chromium on the PATH: the browser test of the page is skipped");
        return new Chromium(executable.orElseThrow());
    }

    public Page open(Path file, int width, ColorScheme scheme) {
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

    public List<String> console() {
        return console;
    }

    public List<String> fetched() {
        return fetched;
    }

    public void forget() {
        console.clear();
        fetched.clear();
    }

    /** Charts whose drawing holds something: paths in the SVG, or coloured pixels in the canvas. */
    public static void everyChartDrew(Page page) {
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

    public static void noSidewaysScroll(Page page) {
        assertThat(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))
                .isEqualTo(0);
    }

    public static void picture(Page page, String name) {
        String dir = System.getProperty("dyt4j.screenshots");
        if (dir != null) {
            page.screenshot(new Page.ScreenshotOptions().setFullPage(true).setPath(Path.of(dir, name + ".png")));
        }
    }

    @Override
    public void close() {
        playwright.close();
    }
}
