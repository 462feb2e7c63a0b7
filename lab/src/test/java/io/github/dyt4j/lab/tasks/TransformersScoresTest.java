package io.github.dyt4j.lab.tasks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.lab.llm.LlamaLogLikelihoods;
import io.github.dyt4j.models.HuggingFaceFolder;
import io.github.dyt4j.models.Llama;
import io.github.dyt4j.torch.TorchRuntime;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;

/** The whole way from a folder that transformers saved to the numbers that goldens/tasks.py computed with transformers in f64. */
class TransformersScoresTest {
    private static Llama model = open();

    private static Llama open() {
        TorchRuntime.start(1);
        return HuggingFaceFolder.open(Expected.folder().resolve("model"), Dtype.F32);
    }

    @BeforeAll
    static void sameContext() {
        assertThat(new LlamaLogLikelihoods(model).contextLength())
                .isEqualTo(Expected.recorded().contextLength());
    }

    @AfterAll
    static void close() {
        model.close();
    }

    @Test
    void tasksAndMetrics() {
        ZeroShotResult result =
                ZeroShot.run(Expected.asked(), new LlamaLogLikelihoods(model), Bytes.PLAIN, (_, _, _) -> {});
        for (ZeroShotResult.OfTask task : result.tasks()) {
            String name = task.task().name();
            JsonNode documents = Expected.documents(name);
            for (int i = 0; i < documents.size(); i++) {
                JsonNode requests = documents.get(i).get("requests");
                List<LogLikelihoods.Score> scores = task.documents().get(i).scores();
                for (int k = 0; k < requests.size(); k++) {
                    double expected = requests.get(k).get("log_likelihood").doubleValue();
                    assertThat(scores.get(k).logLikelihood())
                            .as("%s %s %s", name, i, k)
                            .isCloseTo(expected, within(1e-5 * Math.abs(expected)));
                    assertThat(scores.get(k).greedy())
                            .isEqualTo(requests.get(k).get("greedy").booleanValue());
                }
            }
            task.metrics()
                    .forEach((metric, estimate) -> assertThat(estimate.value())
                            .as("%s %s", name, metric)
                            .isCloseTo(
                                    Expected.ALL
                                            .get("tasks")
                                            .get(name)
                                            .get("metrics")
                                            .get(metric)
                                            .get("value")
                                            .doubleValue(),
                                    within(1e-5)));
        }
    }

    @Test
    void perplexities() {
        List<Double> seen = new ArrayList<>();
        for (JsonNode p : Expected.ALL.get("perplexity")) {
            Perplexity own = Perplexity.of(p.get("text").asString(), new LlamaLogLikelihoods(model), Bytes.PLAIN);
            double expected = p.get("log_likelihood").doubleValue();
            assertThat(own.logLikelihood()).isCloseTo(expected, within(1e-5 * Math.abs(expected)));
            seen.add(own.perToken());
        }
        assertThat(seen).hasSizeGreaterThan(3).doesNotHaveDuplicates();
    }

    @Test
    void aScoreDoesNotDependOnWhatElseIsAsked() {
        ZeroShotTask task = ZeroShotTask.named("hellaswag").getFirst();
        LlamaLogLikelihoods scores = new LlamaLogLikelihoods(model);
        ZeroShotResult all = ZeroShot.run(Expected.asked(), scores, Bytes.PLAIN, (_, _, _) -> {});
        ZeroShotResult alone = ZeroShot.run(
                List.of(task.read(Expected.folder(), Integer.MAX_VALUE)), scores, Bytes.PLAIN, (_, _, _) -> {});
        ZeroShotResult.OfTask among = all.tasks().stream()
                .filter(t -> t.task().equals(task))
                .findFirst()
                .orElseThrow();
        for (int i = 0; i < among.documents().size(); i++) {
            assertThat(alone.tasks().getFirst().documents().get(i).scores())
                    .isEqualTo(among.documents().get(i).scores());
        }
    }
}
