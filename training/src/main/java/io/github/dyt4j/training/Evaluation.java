package io.github.dyt4j.training;

import io.github.dyt4j.models.Model;
import io.github.dyt4j.torch.Autocast;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Norm;
import io.github.dyt4j.torch.Norms;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * A model judged on the test data.
 *
 * @param loss mean over the examples
 * @param value of the objective's metric: the mean of the examples' scores
 * @param examples score of each, in the data's order
 * @param sites what the norms saw in the first batch, by name
 * @param extras values of the objective's other metrics, by name
 */
@SuppressWarnings("ArrayRecordComponent")
public record Evaluation(
        double loss,
        double value,
        float[] examples,
        SequencedMap<String, SiteState> sites,
        SequencedMap<String, Double> extras) {
    /** The same pass judged by other scores, as those of a probe: the value is their mean. */
    public Evaluation judgedBy(float[] scores, SequencedMap<String, Double> others) {
        double sum = 0;
        for (float score : scores) {
            sum += score;
        }
        return new Evaluation(loss, sum / scores.length, scores, sites, others);
    }

    /** The same pass judged by a number of the whole test set, which is no mean over its examples. */
    public Evaluation judgedBy(double whole, SequencedMap<String, Double> others) {
        return new Evaluation(loss, whole, new float[0], sites, others);
    }

    /**
     * A norm and its input over one batch.
     *
     * @param alpha the mean over channels where it has one a channel; null where it has none
     * @param std of the input, over the whole tensor
     */
    public record SiteState(
            String name, String site, @Nullable Double alpha, double std) {
        static SiteState of(Norm norm, double std) {
            float[] alpha = norm.alpha();
            Double mean = null;
            if (alpha != null) {
                double sum = 0;
                for (float a : alpha) {
                    sum += a;
                }
                mean = sum / alpha.length;
            }
            return new SiteState(norm.name(), norm.site().key(), mean, std);
        }
    }

    /** Judges the task's model as it is. */
    public static Evaluation of(Task task, boolean bf16) {
        return of(task, bf16, Integer.MAX_VALUE);
    }

    /** What the norms see in the first test batch, the model as it is. */
    static SequencedMap<String, SiteState> sites(Task task, boolean bf16) {
        return of(task, bf16, 1).sites();
    }

    private static Evaluation of(Task task, boolean bf16, int atMost) {
        Model model = task.model();
        SequencedMap<String, SiteState> sites = new LinkedHashMap<>();
        List<Objective.Scores> scores = new ArrayList<>();
        boolean before = model.parameters().training();
        model.parameters().training(false);
        model.norms().tap(tap(sites));
        try (Batches batches = task.evaluation();
                var _ = Grad.off()) {
            while (batches.hasNext() && scores.size() < atMost) {
                try (var _ = new Scope();
                        var _ = Autocast.bf16(bf16)) {
                    scores.add(task.objective().score(model, batches.next()));
                    model.norms().tap(null);
                }
            }
        } finally {
            model.norms().tap(null);
            model.parameters().training(before);
        }
        return of(scores, sites);
    }

    private static Evaluation of(List<Objective.Scores> scores, SequencedMap<String, SiteState> sites) {
        float[] examples =
                new float[scores.stream().mapToInt(s -> s.examples().length).sum()];
        double loss = 0;
        double sum = 0;
        int n = 0;
        for (Objective.Scores s : scores) {
            loss += s.lossSum();
            for (float example : s.examples()) {
                sum += example;
                examples[n++] = example;
            }
        }
        return new Evaluation(loss / n, sum / n, examples, sites, new LinkedHashMap<>());
    }

    private static Norms.Tap tap(SequencedMap<String, SiteState> sites) {
        return (norm, input) -> sites.put(norm.name(), SiteState.of(norm, Tensors.std(input)));
    }
}
