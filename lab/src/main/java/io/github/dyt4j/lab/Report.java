package io.github.dyt4j.lab;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import tools.jackson.databind.json.JsonMapper;

/**
 * The report of a comparison: one HTML file with its style, its charts' code and its data inside, that opens without a network. What is
 * said in words and in tables is in the page itself; the charts are drawn by ECharts when it is opened.
 */
final class Report {
    static final JsonMapper JSON = JsonMapper.builder().build();
    private static final Pattern SLOT = Pattern.compile("\\{\\{(\\w+)}}");

    private Report() {}

    /** @param recipe the resolved recipe that the runs share, as YAML */
    static String html(Results results, ReportData data, String recipe) {
        ReportText text = new ReportText(results, data);
        String version = echartsVersion();
        return fill(
                resource("report.html"),
                Map.ofEntries(
                        Map.entry("title", escape(text.topic())),
                        Map.entry("topic", escape(text.topic())),
                        Map.entry("verdict", escape(results.verdict())),
                        Map.entry("toCome", text.toCome()),
                        Map.entry("lead", text.lead()),
                        Map.entry("table", text.table()),
                        Map.entry("tableCaption", text.tableCaption()),
                        Map.entry("starts", text.starts()),
                        Map.entry("method", text.method()),
                        Map.entry("command", escape(results.command())),
                        Map.entry("environment", text.environment()),
                        Map.entry("recipe", "<pre>" + escape(recipe) + "</pre>"),
                        Map.entry("echartsVersion", version),
                        Map.entry("css", resource("report.css")),
                        Map.entry("data", script(JSON.writeValueAsString(data))),
                        Map.entry("echarts", echarts(version)),
                        Map.entry("js", resource("report.js"))));
    }

    /** Each {{slot}} of the template once; what is filled in is not looked at again. */
    private static String fill(String template, Map<String, String> slots) {
        return SLOT.matcher(template).replaceAll(m -> {
            String text = slots.get(m.group(1));
            if (text == null) {
                throw new IllegalStateException("report.html asks for " + m.group());
            }
            return Matcher.quoteReplacement(text);
        });
    }

    static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }

    /** Inside a script element the text may hold no end tag and no comment: in JSON, < stands in strings alone. */
    static String script(String json) {
        return json.replace("<", "\\u003c");
    }

    private static String echartsVersion() {
        try (InputStream in = open("/META-INF/maven/org.webjars/echarts/pom.properties")) {
            Properties properties = new Properties();
            properties.load(in);
            return properties.getProperty("version");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String echarts(String version) {
        return read("/META-INF/resources/webjars/echarts/" + version + "/echarts.common.min.js");
    }

    private static String resource(String name) {
        return read(name);
    }

    private static String read(String name) {
        try (InputStream in = open(name)) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static InputStream open(String name) {
        InputStream in = Report.class.getResourceAsStream(name);
        if (in == null) {
            throw new IllegalStateException(name + " is not on the class path");
        }
        return in;
    }
}
