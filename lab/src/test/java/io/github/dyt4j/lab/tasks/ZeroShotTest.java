package io.github.dyt4j.lab.tasks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.lab.tasks.ZeroShotResult.OfTask;
import io.github.dyt4j.lab.tasks.ZeroShotTask.Asked;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;

class ZeroShotTest {
    /** Scores by the continuation's bytes, and keeps what it was asked. */
    private record Model(ToDoubleFunction<int[]> scoring, List<String> asked) implements LogLikelihoods {
        Model(ToDoubleFunction<int[]> scoring) {
            this(scoring, new ArrayList<>());
        }

        @Override
        public Score score(int[] context, int[] continuation) {
            asked.add(Bytes.hex(context) + " " + Bytes.hex(continuation));
            return new Score(scoring.applyAsDouble(continuation), false);
        }

        @Override
        public int contextLength() {
            return 2048;
        }
    }

    private static Asked asked(String task, Question... questions) {
        return new Asked(ZeroShotTask.named(task).getFirst(), List.of(questions));
    }

    private static OneRight question(String context, int gold, String... choices) {
        return new OneRight("here:1", Question.choices(context, List.of(choices)), List.of(choices), gold);
    }

    @Test
    void anEqualRequestIsScoredOnce() {
        Model model = new Model(c -> -c.length);
        ZeroShotResult result = ZeroShot.run(Expected.asked(), model, Bytes.PLAIN, (_, _, _) -> {});
        long requests = result.tasks().stream()
                .flatMap(t -> t.documents().stream())
                .mapToLong(d -> d.scores().size())
                .sum();
        assertThat(model.asked).doesNotHaveDuplicates().hasSizeLessThan((int) requests);
    }

    @Test
    void theListenerIsToldOfEachDocument() {
        List<String> told = new ArrayList<>();
        ZeroShot.run(
                List.of(
                        asked("boolq", question("a", 0, "x"), question("b", 0, "x")),
                        asked("rte", question("c", 0, "x"))),
                new Model(_ -> -1),
                Bytes.PLAIN,
                (task, answered, of) -> told.add(task.name() + " " + answered + "/" + of));
        assertThat(told).containsExactly("boolq 1/2", "boolq 2/2", "rte 1/1");
    }

    /** Right, wrong, right, right: mean 3/4, sd² = (3 · 1/16 + 9/16) / 3 = 1/4, standard error 1/2 / √4. */
    @Test
    void meanAndStandardError() {
        OfTask task = ZeroShot.run(
                        List.of(asked(
                                "boolq",
                                question("a", 0, "x", "long"),
                                question("b", 1, "x", "long"),
                                question("c", 0, "x", "long"),
                                question("d", 0, "x", "long"))),
                        new Model(c -> -c.length),
                        Bytes.PLAIN,
                        (_, _, _) -> {})
                .tasks()
                .getFirst();
        assertThat(task.headline().value()).isEqualTo(0.75);
        assertThat(task.headline().stderr()).isCloseTo(0.25, within(1e-15));
        assertThat(task.metrics().keySet()).containsExactly("acc");
    }

    @Test
    void ofOneDocumentThereIsNoStandardError() {
        ZeroShotResult result = ZeroShot.run(
                List.of(asked("boolq", question("a", 0, "x", "y"))), new Model(_ -> -1), Bytes.PLAIN, (_, _, _) -> {});
        assertThat(result.tasks().getFirst().headline().stderr()).isNaN();
        assertThat(result.mean()).isEqualTo(1);
    }

    /** acc 1 and acc_norm 0 in one task, acc 1 in the other: by task (0 + 1) / 2, by metric (1 + 0 + 1) / 3. */
    @Test
    void theMeanTakesOneNumberATask() {
        ZeroShotResult result = ZeroShot.run(
                List.of(
                        asked("piqa", question("a", 0, "x", "a long one")),
                        asked("boolq", question("a", 0, "x", "yy"))),
                new Model(c -> -c.length),
                Bytes.PLAIN,
                (_, _, _) -> {});
        assertThat(result.mean()).isEqualTo(0.5);
        assertThat(result.meanOfMetrics()).isCloseTo(2 / 3.0, within(1e-15));
    }

    @Test
    void aModelWithoutAFiniteScoreIsRefused() {
        assertThatThrownBy(() -> ZeroShot.run(
                        List.of(asked("boolq", question("a", 0, "x"))),
                        new Model(_ -> Double.NaN),
                        Bytes.PLAIN,
                        (_, _, _) -> {}))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("here:1: the model's log-likelihood of ' x' is NaN");
    }
}
