package io.github.dyt4j.lab.tasks;

import java.util.List;

/**
 * The tasks whose document is a question with a list of answers, as lm-evaluation-harness puts them. A context ends without a space;
 * each answer follows after one.
 */
final class ChoicePrompts {
    private ChoicePrompts() {}

    /** Adversarial NLI (Nie et al. 2020): does the premise entail the hypothesis, contradict it, or neither? */
    static Question anli(Fields row) {
        return OneRight.of(
                row,
                row.text("premise") + "\nQuestion: " + row.text("hypothesis") + " True, False, or Neither?\nAnswer:",
                List.of("True", "Neither", "False"),
                row.label("label", 3, "entailment", "neutral", "contradiction"));
    }

    /** Recognizing Textual Entailment: GLUE names the two texts sentence1 and sentence2, SuperGLUE premise and hypothesis. */
    static Question rte(Fields row) {
        boolean superGlue = row.has("premise");
        return OneRight.of(
                row,
                row.text(superGlue ? "premise" : "sentence1") + "\nQuestion: "
                        + row.text(superGlue ? "hypothesis" : "sentence2") + " True or False?\nAnswer:",
                List.of("True", "False"),
                row.label("label", 2, "entailment", "not_entailment"));
    }

    /** ARC (Clark et al. 2018), both parts: questions of school science, with three to five answers. */
    static Question arc(Fields row) {
        return lettered(row, "Question: " + row.text("question") + "\nAnswer:");
    }

    /** OpenBookQA (Mihaylov et al. 2018): the beginning of a sentence, and four that may end it. */
    static Question openbookqa(Fields row) {
        return lettered(row, row.text("question_stem"));
    }

    private static Question lettered(Fields row, String context) {
        Fields choices = row.object("choices");
        List<String> texts = choices.texts("text");
        List<String> labels = choices.texts("label");
        if (labels.size() != texts.size()) {
            throw choices.wrong("label", "as long as choices.text, " + texts.size());
        }
        int gold = labels.indexOf(row.answer("answerKey"));
        if (gold < 0) {
            throw row.wrong("answerKey", "one of choices.label, " + labels);
        }
        return OneRight.of(row, context, texts, gold);
    }

    /** BoolQ (Clark et al. 2019): a passage, and a question with yes or no for an answer. */
    static Question boolq(Fields row) {
        return OneRight.of(
                row,
                row.text("passage") + "\nQuestion: " + row.text("question") + "?\nAnswer:",
                List.of("no", "yes"),
                row.label("label", 2, "False", "True"));
    }

    /** Words in Context (Pilehvar and Camacho-Collados 2019): has a word one sense in two sentences? */
    static Question wic(Fields row) {
        String first = row.text("sentence1");
        String word = PythonText.slice(first, row.integer("start1"), row.integer("end1"));
        if (word.isEmpty()) {
            throw row.wrong("start1", "before end1 (" + row.integer("end1") + "), both in sentence1");
        }
        return OneRight.of(
                row,
                "Sentence 1: " + first + "\nSentence 2: " + row.text("sentence2") + "\nQuestion: Is the word '" + word
                        + "' used in the same way in the two sentences above?\nAnswer:",
                List.of("no", "yes"),
                row.label("label", 2, "False", "True"));
    }

    /** PIQA (Bisk et al. 2020): an aim of everyday life, and two ways to it. */
    static Question piqa(Fields row) {
        return OneRight.of(
                row,
                "Question: " + row.text("goal") + "\nAnswer:",
                List.of(row.text("sol1"), row.text("sol2")),
                row.label("label", 2));
    }
}
