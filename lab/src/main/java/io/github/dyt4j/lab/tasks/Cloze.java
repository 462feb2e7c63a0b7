package io.github.dyt4j.lab.tasks;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.ToDoubleBiFunction;
import java.util.regex.Pattern;

/**
 * ReCoRD (Zhang et al. 2018): which entity belongs in the gap of a sentence about the passage? The most likely filled sentence is the
 * answer; it is compared with each right entity, and the best comparison counts, as SQuAD does it:
 *
 * <ul>
 *   <li>em = 1 where both are equal in lower case without ASCII punctuation, the words a, an, the, and white space beyond one space;
 *   <li>f1 = 2 · shared / (words of the one + words of the other), words taken after the same, shared counted with multiplicity; where
 *       either has no words, 1 if neither has any.
 * </ul>
 *
 * <p>The context is the passage up to its first highlight, an empty line, and each highlight as an indented item with a full stop.
 * The choices are the distinct entities in the order of their code points, whether a right one is among them or not.
 */
public record Cloze(String where, List<Request> requests, List<String> entities, List<String> answers)
        implements Question {
    private static final Pattern HIGHLIGHT = Pattern.compile("\n@highlight\n", Pattern.LITERAL);
    private static final Pattern PUNCTUATION = Pattern.compile("[!-/:-@\\[-`{-~]");
    private static final Pattern ARTICLE = Pattern.compile("\\b(?:a|an|the)\\b", Pattern.UNICODE_CHARACTER_CLASS);

    static Cloze record(Fields row) {
        String[] passage = HIGHLIGHT.split(PythonText.strip(row.text("passage")), -1);
        StringBuilder context = new StringBuilder(passage[0]).append("\n\n");
        for (int i = 1; i < passage.length; i++) {
            context.append("  - ").append(passage[i]).append(".\n");
        }
        String query = row.text("query");
        List<String> entities = distinct(row.texts("entities"));
        List<String> sentences = entities.stream()
                .map(e -> "  - " + query.replace("@placeholder", e))
                .toList();
        return new Cloze(
                row.where(), Question.choices(context.toString(), sentences), entities, distinct(row.texts("answers")));
    }

    private static List<String> distinct(List<String> texts) {
        Set<String> sorted = new TreeSet<>(PythonText.BY_CODE_POINTS);
        sorted.addAll(texts);
        return List.copyOf(sorted);
    }

    @Override
    public Map<String, Double> metrics(double[] logLikelihoods) {
        List<String> chosen = words(entities.get(Question.best(logLikelihoods)));
        return Map.of("f1", bestOf(chosen, Cloze::f1), "em", bestOf(chosen, (a, b) -> a.equals(b) ? 1 : 0));
    }

    private double bestOf(List<String> chosen, ToDoubleBiFunction<List<String>, List<String>> metric) {
        return answers.stream()
                .mapToDouble(a -> metric.applyAsDouble(chosen, words(a)))
                .max()
                .orElseThrow();
    }

    static double f1(List<String> chosen, List<String> right) {
        if (chosen.isEmpty() || right.isEmpty()) {
            return chosen.equals(right) ? 1 : 0;
        }
        List<String> rest = new ArrayList<>(right);
        long shared = chosen.stream().filter(rest::remove).count();
        return 2.0 * shared / (chosen.size() + right.size());
    }

    static List<String> words(String answer) {
        String bare = PUNCTUATION.matcher(answer.toLowerCase(Locale.ROOT)).replaceAll("");
        return PythonText.words(ARTICLE.matcher(bare).replaceAll(" "));
    }
}
