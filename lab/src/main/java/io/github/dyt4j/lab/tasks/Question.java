package io.github.dyt4j.lab.tasks;

import java.util.List;
import java.util.Map;

/** A document of a task as the model is asked about it, one request an answer, and how its log-likelihoods are scored. */
public sealed interface Question permits OneRight, SeveralRight, Cloze {
    /** Where the document stands, as {@code validation.jsonl:17}. */
    String where();

    List<Request> requests();

    /**
     * Each metric's value for this document, in [0, 1].
     *
     * @param logLikelihoods of the requests in their order, all finite
     */
    Map<String, Double> metrics(double[] logLikelihoods);

    /** The index of the largest; of equal ones the first. */
    static int best(double[] values) {
        int best = 0;
        for (int i = 1; i < values.length; i++) {
            if (values[i] > values[best]) {
                best = i;
            }
        }
        return best;
    }

    /** One context, and each choice after it and a space. */
    static List<Request> choices(String context, List<String> choices) {
        return choices.stream().map(c -> new Request(context, " " + c)).toList();
    }
}
