package io.github.dyt4j.lab.tasks;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.lab.tasks.LogLikelihoods.Score;
import io.github.dyt4j.lab.tasks.ZeroShotResult.Answered;
import io.github.dyt4j.lab.tasks.ZeroShotResult.OfTask;
import io.github.dyt4j.lab.tasks.ZeroShotTask.Asked;
import io.github.dyt4j.training.text.Tokenizer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * Zero-shot evaluation as EleutherAI's lm-evaluation-harness does it: no example stands before a document (but for TruthfulQA's own six),
 * no answer is generated; each answer is a continuation, and what is compared is how likely the model holds it. Prompts and metrics are
 * in {@link ChoicePrompts}, {@link SentencePrompts}, {@link TruthfulQa} and {@link Cloze}, tokens in {@link TokenPair}.
 *
 * <p>Every request is scored alone, and an equal one (TruthfulQA's two tasks share most) not again, so a result depends on the model and
 * the documents, and on no batch.
 */
public final class ZeroShot {
    /** Is told after each document. */
    @FunctionalInterface
    public interface Listener {
        void answered(ZeroShotTask task, int answered, int of);
    }

    private final LogLikelihoods model;
    private final Tokenizer tokenizer;
    private final Map<Request, Score> known = new HashMap<>();

    private ZeroShot(LogLikelihoods model, Tokenizer tokenizer) {
        this.model = model;
        this.tokenizer = tokenizer;
    }

    /**
     * @param tasks with their documents, as {@link ZeroShotTask#read} gives them
     * @throws UserError for an answer longer than the model's context, or a model whose log-likelihood is not finite
     */
    public static ZeroShotResult run(List<Asked> tasks, LogLikelihoods model, Tokenizer tokenizer, Listener listener) {
        ZeroShot run = new ZeroShot(model, tokenizer);
        return new ZeroShotResult(tasks.stream().map(t -> run.task(t, listener)).toList());
    }

    private OfTask task(Asked asked, Listener listener) {
        List<Answered> documents = new ArrayList<>();
        for (Question question : asked.questions()) {
            documents.add(answer(asked.task(), question));
            listener.answered(asked.task(), documents.size(), asked.questions().size());
        }
        return OfTask.of(asked.task(), documents);
    }

    private Answered answer(ZeroShotTask task, Question question) {
        List<Score> scores = question.requests().stream()
                .map(r -> score(r, question.where()))
                .toList();
        Map<String, Double> all = question.metrics(
                scores.stream().mapToDouble(Score::logLikelihood).toArray());
        SequencedMap<String, Double> metrics = new LinkedHashMap<>();
        for (String metric : task.metrics()) {
            metrics.put(metric, all.get(metric));
        }
        return new Answered(question, scores, metrics);
    }

    private Score score(Request request, String where) {
        Score score = known.get(request);
        if (score == null) {
            TokenPair tokens = TokenPair.of(request, tokenizer, model.contextLength(), where);
            score = model.score(tokens.context(), tokens.continuation());
            if (!Double.isFinite(score.logLikelihood())) {
                throw new UserError(where + ": the model's log-likelihood of '" + request.continuation() + "' is "
                        + score.logLikelihood() + ". Its weights are damaged, or its training diverged.");
            }
            known.put(request, score);
        }
        return score;
    }
}
