package io.github.dyt4j.training;

import io.github.dyt4j.training.run.Environment;
import io.github.dyt4j.training.run.Metrics;
import io.github.dyt4j.training.run.Pictures;
import io.github.dyt4j.training.run.RunFolder;
import io.github.dyt4j.training.run.RunResult;
import io.github.dyt4j.training.run.RunState;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** Sums a run up: {@code result.json}, and the score of every test example beside it. */
final class ResultWriter {
    /** Steps at the beginning that warm caches and the JIT compiler and are not counted as typical. */
    private static final int UNSTEADY = 10;

    private static final String LAST = "examples.bin";
    private static final String BEST = "examples-best.bin";

    private final Recipe recipe;
    private final Task task;
    private final RunFolder folder;

    ResultWriter(Recipe recipe, Task task, RunFolder folder) {
        this.recipe = recipe;
        this.task = task;
        this.folder = folder;
    }

    /** Keeps the scores of an evaluation: f32, little-endian, in the data's order. */
    void examples(float[] scores, boolean best) throws IOException {
        if (scores.length == 0) {
            return; // the value is of the test set as a whole
        }
        byte[] bytes = new byte[Float.BYTES * scores.length];
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer().put(scores);
        folder.store().replace(folder.path().resolve(LAST), bytes);
        if (best) {
            folder.store().replace(folder.path().resolve(BEST), bytes);
        }
    }

    RunResult write(RunState state, boolean diverged) throws IOException {
        Objective.Metric metric = task.objective().metric();
        boolean scored = Files.exists(folder.path().resolve(LAST));
        RunState.@Nullable Tested best = state.best();
        RunState.@Nullable Tested valued = diverged ? best : state.last();
        List<Map<String, Object>> steps = Metrics.read(folder.metrics()).stream()
                .filter(l -> "train".equals(l.get("split")))
                .toList();
        List<Map<String, Object>> steady = steps.subList(Math.min(UNSTEADY, steps.size() / 2), steps.size());
        RunResult result = new RunResult(
                recipe.name(),
                recipe.hash(),
                recipe.variant(),
                recipe.seed(),
                metric.name(),
                metric.unit(),
                metric.higherIsBetter(),
                valued == null ? null : valued.value(),
                best == null ? null : best.value(),
                diverged,
                state.step(),
                recipe.epochs(),
                valued == null ? null : valued.loss(),
                valued == null ? null : bitsPerByte(valued.loss()),
                median(steady, "ms_per_step"),
                median(steady, "examples_per_second"),
                Math.max(
                        Environment.peakBytes().orElse(0),
                        steps.stream()
                                .mapToLong(l -> number(l, "peak_bytes").longValue())
                                .max()
                                .orElse(0)),
                task.model().parameters().trainable().values().stream()
                        .mapToLong(Tensor::numel)
                        .sum(),
                valued == null || !scored ? null : diverged ? BEST : LAST,
                task.setup().examples().one(),
                valued == null ? List.of() : RunResult.extras(task.objective().extraMetrics(), valued.extras()),
                task.model().ruleNotes(),
                Calibration.read(folder));
        Pictures.write(folder, diverged ? List.of() : task.pictures());
        folder.writeResult(result.toMap());
        return result;
    }

    private @Nullable Double bitsPerByte(double loss) {
        OptionalDouble bits = task.bitsPerByte(loss);
        return bits.isEmpty() ? null : (Double) bits.getAsDouble();
    }

    private static Number number(Map<String, Object> line, String key) {
        return line.get(key) instanceof Number n ? n : 0;
    }

    private static @Nullable Double median(List<Map<String, Object>> lines, String key) {
        double[] values = lines.stream()
                .mapToDouble(l -> number(l, key).doubleValue())
                .sorted()
                .toArray();
        return values.length == 0 ? null : values[values.length / 2];
    }
}
