package io.github.dyt4j.lab.tasks;

import java.util.List;
import java.util.regex.Pattern;

/** The tasks that ask which sentence goes on, or goes together, best. */
final class SentencePrompts {
    private static final Pattern BRACKETS = Pattern.compile("\\[.*?]", Pattern.UNIX_LINES);

    private SentencePrompts() {}

    /**
     * HellaSwag (Zellers et al. 2019): an activity, the beginning of a scene, and four endings. The context is "activity: ctx_a ctx_b",
     * ctx_b with a capital and small letters after it, and like each ending it is {@linkplain #clean cleaned}.
     */
    static Question hellaswag(Fields row) {
        String scene = row.text("ctx_a") + " " + PythonText.capitalize(row.text("ctx_b"));
        List<String> endings =
                row.texts("endings").stream().map(SentencePrompts::clean).toList();
        return OneRight.of(
                row, clean(row.text("activity_label") + ": " + scene), endings, row.label("label", endings.size()));
    }

    /** The marks of WikiHow in square brackets go, " [title]" leaving a full stop; then each two spaces become one, once. */
    static String clean(String text) {
        String titled = PythonText.strip(text).replace(" [title]", ". ");
        return BRACKETS.matcher(titled).replaceAll("").replace("  ", " ");
    }

    /**
     * WinoGrande (Sakaguchi et al. 2020): which of two names fills the gap? The choices are contexts, the sentence up to the gap with a
     * name in it, and what follows the gap is the one continuation (partial evaluation, Trinh and Le 2018): the names' own likelihood
     * does not count.
     */
    static Question winogrande(Fields row) {
        String sentence = row.text("sentence");
        int gap = sentence.indexOf('_');
        if (gap < 0) {
            throw row.wrong("sentence", "a sentence with a gap, written _");
        }
        String rest = " " + PythonText.strip(sentence.substring(gap + 1));
        List<String> filled = List.of(row.text("option1"), row.text("option2")).stream()
                .map(name -> sentence.substring(0, gap) + name)
                .toList();
        List<Request> requests = filled.stream().map(c -> new Request(c, rest)).toList();
        return new OneRight(row.where(), requests, filled, gold(row));
    }

    private static int gold(Fields row) {
        return switch (row.answer("answer")) {
            case "1" -> 0;
            case "2" -> 1;
            default -> throw row.wrong("answer", "1 or 2; nothing marks a split whose answers are kept secret");
        };
    }
}
