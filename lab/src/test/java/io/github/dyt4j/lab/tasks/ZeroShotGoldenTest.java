package io.github.dyt4j.lab.tasks;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.lab.tasks.ZeroShotTask.Asked;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** Against goldens/tasks.py: prompts, tokens and metrics of every task over documents of our own. */
class ZeroShotGoldenTest {
    @Test
    void everyTaskAsksWhatTheHarnessAsks() {
        for (Asked asked : Expected.asked()) {
            JsonNode documents = Expected.documents(asked.task().name());
            List<Request> expected = new ArrayList<>();
            documents.forEach(d -> d.get("requests")
                    .forEach(r -> expected.add(new Request(
                            r.get("context").asString(), r.get("continuation").asString()))));
            assertThat(asked.questions().stream().flatMap(q -> q.requests().stream()))
                    .as(asked.task().name())
                    .containsExactlyElementsOf(expected);
        }
    }

    @Test
    void tokensAreSplitAndCutAsTheHarnessDoes() {
        List<JsonNode> requests = new ArrayList<>();
        Expected.ALL
                .get("tasks")
                .forEach(t -> t.get("documents").forEach(d -> d.get("requests").forEach(requests::add)));
        Expected.ALL.get("requests").forEach(requests::add);
        int cut = 0;
        for (JsonNode r : requests) {
            Request request = new Request(
                    r.get("context").asString(), r.get("continuation").asString());
            TokenPair tokens = TokenPair.of(request, Bytes.PLAIN, 512, "here");
            assertThat(Bytes.hex(tokens.context()))
                    .isEqualTo(r.get("context_ids").asString());
            assertThat(Bytes.hex(tokens.continuation()))
                    .isEqualTo(r.get("continuation_ids").asString());
            cut += tokens.context().length + tokens.continuation().length == 513 ? 1 : 0;
        }
        assertThat(cut).as("requests longer than the context").isGreaterThan(20);
    }

    @Test
    void metricsOfTheRecordedLogLikelihoods() {
        ZeroShotResult result = run(Expected.asked(), Expected.recorded());
        for (ZeroShotResult.OfTask task : result.tasks()) {
            String name = task.task().name();
            JsonNode expected = Expected.ALL.get("tasks").get(name);
            assertThat(task.metrics().keySet())
                    .as(name)
                    .containsExactlyInAnyOrderElementsOf(expected.get("metrics").propertyNames());
            task.metrics().forEach((metric, estimate) -> {
                JsonNode e = expected.get("metrics").get(metric);
                assertThat(estimate.value())
                        .as("%s %s", name, metric)
                        .isCloseTo(e.get("value").doubleValue(), within(1e-12));
                assertThat(estimate.stderr())
                        .as("%s %s", name, metric)
                        .isCloseTo(e.get("stderr").doubleValue(), within(1e-12));
            });
            for (int i = 0; i < task.documents().size(); i++) {
                JsonNode e = expected.get("documents").get(i).get("metrics");
                task.documents()
                        .get(i)
                        .metrics()
                        .forEach((metric, value) -> assertThat(value)
                                .as(name)
                                .isCloseTo(e.get(metric).doubleValue(), within(1e-12)));
            }
        }
        assertThat(result.mean()).isCloseTo(Expected.ALL.get("mean").doubleValue(), within(1e-12));
        assertThat(result.meanOfMetrics())
                .isCloseTo(Expected.ALL.get("mean_of_metrics").doubleValue(), within(1e-12));
    }

    /** The two tests above would be worth little if a wrong prompt, a wrong cut or a wrong score passed them. */
    @Test
    void aWrongPromptIsNoticed() {
        for (Asked asked : Expected.asked()) {
            for (UnaryOperator<Request> slip : List.<UnaryOperator<Request>>of(
                    r -> new Request(r.context(), r.continuation().strip()),
                    r -> new Request(r.context() + "\n", r.continuation()),
                    r -> new Request(r.context().replaceFirst("(?s)[a-z](?=[^a-z]*$)", "_"), r.continuation()))) {
                Question question = asked.questions().getLast();
                Question slipped = new OneRight(
                        "here", question.requests().stream().map(slip).toList(), List.of("a", "b", "c", "d", "e"), 0);
                Asked wrong = new Asked(asked.task(), List.of(slipped));
                assertThatThrownBy(() -> run(List.of(wrong), Expected.recorded()))
                        .as(asked.task().name())
                        .isInstanceOf(AssertionError.class)
                        .hasMessageStartingWith("not in the golden file");
            }
        }
    }

    @Test
    void aWrongScoreIsNoticed() {
        JsonNode hellaswag = Expected.ALL.get("tasks").get("hellaswag");
        double right = hellaswag.get("metrics").get("acc_norm").get("value").doubleValue();
        assertThat(hellaswagAccuracy(c -> c.codePointCount(0, c.length()))).isEqualTo(right);
        assertThat(hellaswagAccuracy(c -> c.getBytes(UTF_8).length))
                .as("by bytes")
                .isNotEqualTo(right);
        assertThat(hellaswagAccuracy(_ -> 1)).as("not by length").isNotEqualTo(right);
        LogLikelihoods recorded = Expected.recorded();
        ZeroShotResult negated = run(Expected.asked(), new LogLikelihoods() {
            @Override
            public Score score(int[] context, int[] continuation) {
                Score s = recorded.score(context, continuation);
                return new Score(-s.logLikelihood(), s.greedy());
            }

            @Override
            public int contextLength() {
                return recorded.contextLength();
            }
        });
        assertThat(negated.mean()).isNotCloseTo(Expected.ALL.get("mean").doubleValue(), within(0.01));
    }

    private static double hellaswagAccuracy(ToDoubleFunction<String> length) {
        Asked asked = ZeroShotTask.named("hellaswag").getFirst().read(Expected.folder(), Integer.MAX_VALUE);
        int hits = 0;
        for (int i = 0; i < asked.questions().size(); i++) {
            OneRight question = (OneRight) asked.questions().get(i);
            JsonNode requests = Expected.documents("hellaswag").get(i).get("requests");
            double[] scores = new double[requests.size()];
            for (int k = 0; k < scores.length; k++) {
                scores[k] = requests.get(k).get("log_likelihood").doubleValue()
                        / length.applyAsDouble(question.choices().get(k));
            }
            hits += Question.best(scores) == question.gold() ? 1 : 0;
        }
        return hits / (double) asked.questions().size();
    }

    private static ZeroShotResult run(List<Asked> tasks, LogLikelihoods model) {
        return ZeroShot.run(tasks, model, Bytes.PLAIN, (_, _, _) -> {});
    }
}
