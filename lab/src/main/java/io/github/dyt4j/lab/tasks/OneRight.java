package io.github.dyt4j.lab.tasks;

import java.util.List;
import java.util.Map;

/**
 * acc = [argmax ℓᵢ = gold] and acc_norm = [argmax ℓᵢ / |choiceᵢ| = gold], where ℓᵢ is the log-likelihood of request i. The length counts
 * code points of the choice without the space before it: that is what the harness computes, though it is often said to count bytes.
 */
public record OneRight(String where, List<Request> requests, List<String> choices, int gold) implements Question {

    static OneRight of(Fields row, String context, List<String> choices, int gold) {
        return new OneRight(row.where(), Question.choices(context, choices), choices, gold);
    }

    @Override
    public Map<String, Double> metrics(double[] logLikelihoods) {
        double[] byLength = new double[logLikelihoods.length];
        for (int i = 0; i < byLength.length; i++) {
            byLength[i] = logLikelihoods[i] / PythonText.length(choices.get(i));
        }
        return Map.of("acc", hit(Question.best(logLikelihoods)), "acc_norm", hit(Question.best(byLength)));
    }

    private double hit(int chosen) {
        return chosen == gold ? 1 : 0;
    }
}
