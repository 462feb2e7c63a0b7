package io.github.dyt4j.lab;

import static io.github.dyt4j.lab.Html.cell;
import static io.github.dyt4j.lab.Html.column;
import static io.github.dyt4j.lab.Html.escape;

import io.github.dyt4j.lab.RateSearch.Choice;
import io.github.dyt4j.lab.Results.Run;
import java.util.Objects;
import java.util.stream.Collectors;

/** The grid of a search among learning rates as a section of the report: a row each norm, a column each rate. */
final class RateTable {
    private RateTable() {}

    /** Empty where nothing was searched. */
    static String of(Results r) {
        RateSearch search = r.search();
        if (search == null) {
            return "";
        }
        String head = search.rates().stream()
                .map(rate -> column("lr " + Job.rate(rate)))
                .collect(Collectors.joining());
        String rows = search.choices().stream()
                .map(c -> "<tr><th scope=\"row\">" + escape(c.label()) + "</th>"
                        + search.rates().stream()
                                .map(rate -> cell("lr " + Job.rate(rate), shown(r, c, rate)))
                                .collect(Collectors.joining())
                        + "</tr>")
                .collect(Collectors.joining());
        String beyond = search.beyond();
        return "<h3>Which learning rate</h3><table class=\"stack\"><thead><tr><th scope=\"col\">"
                + ReportText.kinds(r) + "</th>" + head + "</tr></thead><tbody>" + rows + "</tbody></table>"
                + "<p class=\"caption\">" + escape(r.metric()) + (r.unit().isEmpty() ? "" : ", " + escape(r.unit()))
                + ", of seed 0 at the end of its run. Each row was given the rate of its best value (bold), and the other seeds were run at that rate"
                + " alone. The choice was made by the very test value that is then reported, so it flatters a little, and all rows alike; a run that"
                + " diverged loses to every one that did not." + (beyond.isEmpty() ? "" : " " + escape(beyond))
                + "</p>";
    }

    private static String shown(Results r, Choice c, double rate) {
        Run run = c.at(rate);
        if (run == null) {
            return "–";
        }
        String value = Verdict.number(r, run.value());
        boolean chosen = Objects.equals(c.chosen(), rate);
        return (chosen ? "<strong>" + value + "</strong>" : value)
                + (run.diverged() ? "<small>diverged</small>" : "")
                + (chosen ? "<small>chosen</small>" : "");
    }
}
