package io.github.dyt4j.lab;

import java.util.Map;
import tools.jackson.databind.json.JsonMapper;

/**
 * The report of a comparison: one HTML file with its style, its charts' code and its data inside, that opens without a network. What is
 * said in words and in tables is in the page itself; the charts are drawn by ECharts when it is opened.
 */
final class Report {
    static final JsonMapper JSON = JsonMapper.builder().build();

    private Report() {}

    /**
     * @param recipe the resolved recipe that the runs share, as YAML
     * @param sections what stands after the numbers, from {@link FineTunedSection} and {@link PictureSection}; may be empty
     */
    static String html(Results results, ReportData data, String recipe, String sections) {
        ReportText text = new ReportText(results, data);
        return Html.fill(
                Report.class,
                "report.html",
                Map.ofEntries(
                        Map.entry("title", Html.escape(text.topic())),
                        Map.entry("topic", Html.escape(text.topic())),
                        Map.entry("verdict", Html.escape(results.verdict())),
                        Map.entry("toCome", text.toCome()),
                        Map.entry("lead", text.lead()),
                        Map.entry("table", text.table()),
                        Map.entry("tableCaption", text.tableCaption()),
                        Map.entry("alsoMeasured", text.alsoMeasured()),
                        Map.entry("rates", RateTable.of(results)),
                        Map.entry("sections", sections),
                        Map.entry("starts", text.starts()),
                        Map.entry("method", text.method()),
                        Map.entry("command", Html.escape(results.command())),
                        Map.entry("environment", text.environment()),
                        Map.entry("recipe", "<pre>" + Html.escape(recipe) + "</pre>"),
                        Map.entry("echartsVersion", Html.echartsVersion()),
                        Map.entry("css", Html.resource(Report.class, "report.css")),
                        Map.entry("data", Html.script(JSON.writeValueAsString(data))),
                        Map.entry("echarts", Html.echarts()),
                        Map.entry(
                                "js",
                                Html.resource(Report.class, "charts.js") + Html.resource(Report.class, "report.js"))));
    }
}
