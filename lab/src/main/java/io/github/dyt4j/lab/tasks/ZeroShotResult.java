package io.github.dyt4j.lab.tasks;

import io.github.dyt4j.lab.PairedStatistics.Spread;
import io.github.dyt4j.lab.tasks.LogLikelihoods.Score;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;

/** What a model reached: by task, and as one number. */
public record ZeroShotResult(List<OfTask> tasks) {

    /** A document's requests are those of the question, in the order of the scores. */
    public record Answered(Question question, List<Score> scores, SequencedMap<String, Double> metrics) {}

    /**
     * The mean of a metric over n documents, and its standard error sd / √n with n − 1 below the line of sd; NaN for one document.
     */
    public record Estimate(double value, double stderr) {}

    public record OfTask(ZeroShotTask task, List<Answered> documents, SequencedMap<String, Estimate> metrics) {
        static OfTask of(ZeroShotTask task, List<Answered> documents) {
            SequencedMap<String, Estimate> metrics = new LinkedHashMap<>();
            for (String metric : task.metrics()) {
                Spread s = Spread.of(documents.stream()
                        .mapToDouble(d -> d.metrics().getOrDefault(metric, Double.NaN))
                        .toArray());
                metrics.put(metric, new Estimate(s.mean(), s.sd() / Math.sqrt(s.n())));
            }
            return new OfTask(task, List.copyOf(documents), metrics);
        }

        public Estimate headline() {
            return metrics.lastEntry().getValue();
        }
    }

    /**
     * The mean of one number a task: acc_norm where the harness reports it, f1 for ReCoRD, else acc. Each task weighs the same, whatever
     * its number of documents.
     *
     * <p>The paper gives one mean over the fifteen tasks and does not say of which metrics. This is the usual headline. Its list of tasks
     * is that of OpenLLaMA's table (Geng and Liu 2023), whose average is {@link #meanOfMetrics}; for OpenLLaMA's 7B the two are 0.533 and
     * 0.551, so a comparison with the paper's 0.513 should look at both.
     */
    public double mean() {
        return tasks.stream().mapToDouble(t -> t.headline().value()).average().orElse(Double.NaN);
    }

    /** The mean over every metric of every task, 21 for the fifteen: OpenLLaMA's average. A task with two metrics weighs twice. */
    public double meanOfMetrics() {
        return tasks.stream()
                .flatMap(t -> t.metrics().values().stream())
                .mapToDouble(Estimate::value)
                .average()
                .orElse(Double.NaN);
    }
}
