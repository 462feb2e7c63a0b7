package io.github.dyt4j.lab.tasks;

import io.github.dyt4j.lab.tasks.ZeroShotTask.Asked;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** What goldens/tasks.py wrote: requests with their tokens and log-likelihoods, and metrics. */
final class Expected {
    static final JsonNode ALL = load();

    private Expected() {}

    private static JsonNode load() {
        try (InputStream in = Expected.class.getResourceAsStream("/goldens/tasks/expected.json")) {
            return JsonMapper.shared().readTree(Objects.requireNonNull(in));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Path folder() {
        try {
            return Path.of(Objects.requireNonNull(Expected.class.getResource("/goldens/tasks/expected.json"))
                            .toURI())
                    .resolveSibling(".")
                    .normalize();
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static List<Asked> asked() {
        return ZeroShotTask.ALL.stream()
                .map(t -> t.read(folder(), Integer.MAX_VALUE))
                .toList();
    }

    static JsonNode documents(String task) {
        return ALL.get("tasks").get(task).get("documents");
    }

    /** Answers with the recorded score; a pair of tokens that the golden file does not have is a failure. */
    static LogLikelihoods recorded() {
        Map<String, LogLikelihoods.Score> scores = new HashMap<>();
        List<JsonNode> scored = new ArrayList<>();
        for (JsonNode task : ALL.get("tasks")) {
            task.get("documents").forEach(d -> d.get("requests").forEach(scored::add));
        }
        ALL.get("requests").forEach(scored::add);
        ALL.get("perplexity").forEach(p -> p.get("windows").forEach(scored::add));
        for (JsonNode s : scored) {
            scores.put(
                    s.get("context_ids").asString() + " "
                            + s.get("continuation_ids").asString(),
                    new LogLikelihoods.Score(
                            s.get("log_likelihood").doubleValue(),
                            s.get("greedy").booleanValue()));
        }
        return new LogLikelihoods() {
            @Override
            public Score score(int[] context, int[] continuation) {
                Score score = scores.get(Bytes.hex(context) + " " + Bytes.hex(continuation));
                if (score == null) {
                    throw new AssertionError(
                            "not in the golden file: " + Bytes.hex(context) + " " + Bytes.hex(continuation));
                }
                return score;
            }

            @Override
            public int contextLength() {
                return ALL.get("config").get("max_position_embeddings").intValue();
            }
        };
    }
}
