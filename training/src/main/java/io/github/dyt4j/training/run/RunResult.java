package io.github.dyt4j.training.run;

import io.github.dyt4j.training.Objective;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/**
 * How a run ended: {@code result.json}. What there is none of is null.
 *
 * @param recipe its name
 * @param hash of the resolved recipe
 * @param norm what it is compared by: its norm, or the method in the norms' place
 * @param metric what {@code value} measures, as accuracy
 * @param unit of the values: "%" for accuracies, "nats/token" for language models
 * @param value at the end, of the averaged weights where they are on; where the run diverged, the best before it
 * @param bestValue of all evaluations
 * @param steps optimizer steps that were taken
 * @param testLoss of the evaluation that {@code value} is of
 * @param bitsPerByte the same for text, whatever its tokenizer
 * @param msPerStep median of the training steps
 * @param peakBytes largest resident memory of the process
 * @param parameters that were trained
 * @param examples the file in the run's folder with the scores of the test examples, in the data's order, that {@code value} is the mean of:
 *     f32, little-endian
 * @param example what an example is: "image" or "sequence"
 * @param extras what else was measured in the evaluation that {@code value} is of
 * @param ruleNotes what the family's rule for this norm changed beside the norm
 * @param calibration what a calibrated start set, by site
 */
public record RunResult(
        String recipe,
        String hash,
        String norm,
        int seed,
        String metric,
        String unit,
        boolean higherIsBetter,
        @Nullable Double value,
        @Nullable Double bestValue,
        boolean diverged,
        long steps,
        int epochs,
        @Nullable Double testLoss,
        @Nullable Double bitsPerByte,
        @Nullable Double msPerStep,
        @Nullable Double examplesPerSecond,
        long peakBytes,
        long parameters,
        @Nullable String examples,
        String example,
        List<Extra> extras,
        List<String> ruleNotes,
        @Nullable Map<String, Map<String, @Nullable Double>> calibration) {

    /** A metric beside the one that a run is judged by. */
    public record Extra(String metric, String unit, boolean higherIsBetter, double value) {}

    @SuppressWarnings("ConstantValue") // a result from before there were any
    public RunResult {
        extras = extras == null ? List.of() : extras;
    }

    private static final JsonMapper JSON = JsonMapper.shared();

    /** The values of these metrics that are there. */
    public static List<Extra> extras(List<Objective.Metric> metrics, Map<String, Double> values) {
        return metrics.stream()
                .filter(m -> values.containsKey(m.name()))
                .map(m -> new Extra(m.name(), m.unit(), m.higherIsBetter(), values.getOrDefault(m.name(), Double.NaN)))
                .toList();
    }

    /** The result in a run's folder; nothing while the run goes on. */
    public static Optional<RunResult> read(Path run) throws IOException {
        return RunFolder.readResult(run).map(m -> JSON.convertValue(m, RunResult.class));
    }

    public Map<String, Object> toMap() {
        return JSON.convertValue(this, new TypeReference<Map<String, Object>>() {});
    }
}
