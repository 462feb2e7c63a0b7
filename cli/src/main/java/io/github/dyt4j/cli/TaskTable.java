package io.github.dyt4j.cli;

import io.github.dyt4j.lab.tasks.Perplexity;
import io.github.dyt4j.lab.tasks.ZeroShotResult;
import io.github.dyt4j.lab.tasks.ZeroShotResult.Estimate;
import io.github.dyt4j.lab.tasks.ZeroShotResult.OfTask;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Perplexities and zero-shot scores, for people and as JSON. */
final class TaskTable {
    private TaskTable() {}

    static String line(String text, Perplexity p) {
        return String.format(
                Locale.ROOT,
                "%s: %,d tokens, perplexity %.4f a token, %.4f a word, %.4f bits a byte",
                text,
                p.tokens(),
                p.perToken(),
                p.perWord(),
                p.bitsPerByte());
    }

    static Map<String, Object> row(String text, Perplexity p) {
        Map<String, Object> row = new LinkedHashMap<>();
        row.put("text", text);
        row.put("tokens", p.tokens());
        row.put("words", p.words());
        row.put("bytes", p.bytes());
        row.put("log_likelihood", p.logLikelihood());
        row.put("perplexity", p.perToken());
        row.put("word_perplexity", p.perWord());
        row.put("byte_perplexity", p.perByte());
        row.put("bits_per_byte", p.bitsPerByte());
        return row;
    }

    static List<String> lines(ZeroShotResult result) {
        List<String> lines = new ArrayList<>();
        lines.add(String.format(
                Locale.ROOT, "%-15s  %9s  %-8s  %7s  %s", "task", "documents", "metric", "value", "± error"));
        for (OfTask task : result.tasks()) {
            String name = task.task().name();
            String documents =
                    String.format(Locale.ROOT, "%,d", task.documents().size());
            for (Map.Entry<String, Estimate> metric : task.metrics().entrySet()) {
                Estimate e = metric.getValue();
                lines.add(String.format(
                        Locale.ROOT,
                        "%-15s  %9s  %-8s  %7.4f  %s",
                        name,
                        documents,
                        metric.getKey(),
                        e.value(),
                        Double.isNaN(e.stderr()) ? "" : String.format(Locale.ROOT, "± %.4f", e.stderr())));
                name = "";
                documents = "";
            }
        }
        if (result.tasks().size() > 1) {
            lines.add(String.format(
                    Locale.ROOT,
                    "mean over %d tasks %.4f (each task's last metric); over all metrics %.4f",
                    result.tasks().size(),
                    result.mean(),
                    result.meanOfMetrics()));
        }
        return lines;
    }

    static Map<String, Object> rows(ZeroShotResult result) {
        Map<String, Object> tasks = new LinkedHashMap<>();
        for (OfTask task : result.tasks()) {
            Map<String, Object> row = new LinkedHashMap<>();
            row.put("documents", task.documents().size());
            task.metrics().forEach((metric, e) -> {
                row.put(metric, e.value());
                // One document has no spread, and JSON no NaN.
                row.put(metric + "_stderr", Double.isNaN(e.stderr()) ? null : e.stderr());
            });
            tasks.put(task.task().name(), row);
        }
        Map<String, Object> rows = new LinkedHashMap<>();
        rows.put("tasks", tasks);
        rows.put("mean", result.mean());
        rows.put("mean_of_metrics", result.meanOfMetrics());
        return rows;
    }
}
