package io.github.dyt4j.lab;

import static io.github.dyt4j.lab.Html.cell;
import static io.github.dyt4j.lab.Html.escape;

import io.github.dyt4j.lab.Results.Summary;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.stream.Collectors;

/** What the pretrained models became when they were fine-tuned, as a section of the pretraining's report: a row each norm, a column each data set. */
final class FineTunedSection {
    private FineTunedSection() {}

    /** @param sets by the name of recipe and data set; empty where nothing was fine-tuned */
    static String of(SequencedMap<String, Results> sets) {
        if (sets.isEmpty()) {
            return "";
        }
        List<Results> columns = new ArrayList<>(sets.values());
        List<String> heads = new ArrayList<>();
        sets.forEach((name, r) -> heads.add("<a href=\"finetune/" + escape(name) + "/report.html\">" + escape(name)
                + "</a><small>" + escape(r.metric()) + (r.higherIsBetter() ? "" : ", lower is better") + "</small>"));
        FineTuning.mean(List.copyOf(sets.values())).ifPresent(mean -> {
            columns.add(mean);
            heads.add("Mean<small>over " + sets.size() + " data sets</small>");
        });
        String head =
                heads.stream().map(h -> "<th scope=\"col\">" + h + "</th>").collect(Collectors.joining());
        Results said = columns.getLast();
        String rows = said.summary().stream()
                .map(s -> "<tr><th scope=\"row\">" + escape(s.label()) + "</th>"
                        + columns.stream().map(r -> shown(r, s.norm())).collect(Collectors.joining()) + "</tr>")
                .collect(Collectors.joining());
        String verdicts = columns.size() > sets.size() || sets.size() == 1
                ? escape(said.verdict())
                : sets.entrySet().stream().map(FineTunedSection::named).collect(Collectors.joining("<br>"));
        return "<section><h2>Fine-tuned</h2><p>" + verdicts
                + "</p><table class=\"stack\"><thead><tr><th scope=\"col\">Norm</th>" + head + "</tr></thead><tbody>"
                + rows
                + "</tbody></table><p class=\"caption\">Each run began with the weights that the pretraining of the same norm and seed ended with. Mean ±"
                + " sd over seeds; below it the difference from the first row with the same seed, and its 95% interval by Student’s t over seeds.</p></section>";
    }

    private static String named(Map.Entry<String, Results> set) {
        return escape(set.getKey() + ": " + set.getValue().verdict());
    }

    private static String shown(Results r, String norm) {
        Summary s = r.summary().stream()
                .filter(o -> o.norm().equals(norm))
                .findFirst()
                .orElseThrow();
        String value = s.mean() == null
                ? "–"
                : Verdict.value(r, s.mean()) + (s.sd() == null ? "" : " ± " + Verdict.number(r, s.sd()));
        String difference = s.difference() == null
                ? ""
                : "<small>" + escape(Verdict.signed(r, s.difference()))
                        + (s.low95() == null ? "" : " [" + Verdict.interval(r, s.low95(), s.high95()) + "]")
                        + "</small>";
        return cell(r.metric(), escape(value) + difference);
    }
}
