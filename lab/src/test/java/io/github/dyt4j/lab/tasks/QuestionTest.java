package io.github.dyt4j.lab.tasks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class QuestionTest {
    @Test
    void ofEqualChoicesTheFirstIsTaken() {
        assertThat(Question.best(new double[] {-2, -1, -1})).isEqualTo(1);
    }

    /** "zwei" is 4 characters and 4 bytes, "äöüß" 4 characters and 8 bytes; the snow man is one character, two chars of Java. */
    @Test
    void lengthsCountCodePoints() {
        OneRight q = new OneRight("here", List.of(), List.of("zwei", "äöüß"), 0);
        assertThat(q.metrics(new double[] {-8, -8.1})).containsEntry("acc_norm", 1.0);
        OneRight astral = new OneRight("here", List.of(), List.of("\ud83c\udfc3\ud83c\udfc3", "run"), 1);
        assertThat(astral.metrics(new double[] {-2, -2.9}))
                .containsEntry("acc", 0.0)
                .containsEntry("acc_norm", 1.0);
    }

    /** exp of the log-likelihood of a long answer is 0 in double; the shares are not. */
    @Test
    void sharesOfLongAnswersAreNotLost() {
        SeveralRight q = new SeveralRight("here", List.of(), List.of(true, false, true));
        double expected = (1 + Math.exp(-2)) / (1 + Math.exp(-1) + Math.exp(-2));
        assertThat(q.metrics(new double[] {-2, -3, -4}).get("acc")).isCloseTo(expected, within(1e-12));
        assertThat(q.metrics(new double[] {-2002, -2003, -2004}).get("acc")).isCloseTo(expected, within(1e-12));
    }

    @Test
    void answersAreComparedWithoutCaseArticlesAndPunctuation() {
        assertThat(Cloze.words("The  U.S. \u00a0Court, a 'thing'")).containsExactly("us", "court", "thing");
        assertThat(Cloze.words("Theodore än the-an")).containsExactly("theodore", "än", "thean");
        Cloze q = new Cloze("here", List.of(), List.of("an Ox", "Ox Hill", "Elm"), List.of("ox", "Old Ox Hill"));
        assertThat(q.metrics(new double[] {-1, -2, -3}))
                .containsEntry("em", 1.0)
                .containsEntry("f1", 1.0);
        assertThat(q.metrics(new double[] {-3, -1, -2}))
                .containsEntry("em", 0.0)
                .containsEntry("f1", 0.8);
        assertThat(q.metrics(new double[] {-3, -2, -1}))
                .containsEntry("em", 0.0)
                .containsEntry("f1", 0.0);
    }

    @Test
    void wordsThatRepeatCountAsOftenAsBothHaveThem() {
        assertThat(Cloze.f1(List.of("x", "x", "y"), List.of("x", "z"))).isCloseTo(0.4, within(1e-12));
        assertThat(Cloze.f1(List.of(), List.of())).isEqualTo(1);
        assertThat(Cloze.f1(List.of(), List.of("x"))).isEqualTo(0);
    }

    @Test
    void textIsTreatedAsPythonTreatsIt() {
        assertThat(PythonText.strip("\u00a0\u2007 a b\u202f\u0085\n")).isEqualTo("a b");
        assertThat(PythonText.capitalize("éTÉ OF 99")).isEqualTo("Été of 99");
        assertThat(PythonText.capitalize("")).isEmpty();
        assertThat(PythonText.slice("\ud83c\udfc3ab", 1, 2)).isEqualTo("a");
        assertThat(PythonText.slice("ab", 1, 3)).isEmpty();
        // U+FF21 comes before U+1F3C3, though its UTF-16 code unit is the greater.
        assertThat(PythonText.BY_CODE_POINTS.compare("\uff21", "\ud83c\udfc3")).isNegative();
        assertThat(SentencePrompts.clean(" a [x]  b [title] c [y\n]    d ")).isEqualTo("a  b. c [y\n]  d");
    }
}
