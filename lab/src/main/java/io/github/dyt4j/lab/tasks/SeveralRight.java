package io.github.dyt4j.lab.tasks;

import java.util.Arrays;
import java.util.List;
import java.util.Map;

/**
 * acc = Σ over the right answers of pᵢ, with pᵢ = exp ℓᵢ / Σⱼ exp ℓⱼ: the share of the probability that the right ones hold (TruthfulQA's
 * MC2, Lin et al. 2022). It is computed relative to the largest ℓ, so that answers too long for exp in double still count.
 */
public record SeveralRight(String where, List<Request> requests, List<Boolean> right) implements Question {

    @Override
    public Map<String, Double> metrics(double[] logLikelihoods) {
        double largest = Arrays.stream(logLikelihoods).max().orElseThrow();
        double sum = 0;
        double held = 0;
        for (int i = 0; i < logLikelihoods.length; i++) {
            double p = Math.exp(logLikelihoods[i] - largest);
            sum += p;
            held += right.get(i) ? p : 0;
        }
        return Map.of("acc", held / sum);
    }
}
