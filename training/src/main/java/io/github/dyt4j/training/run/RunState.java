package io.github.dyt4j.training.run;

import io.github.dyt4j.formats.UserError;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;

/**
 * Where a run is, beside its tensors: {@code state.json} of a checkpoint. All chance comes from (seed, step), so the step is the whole
 * position in the data and in the random numbers.
 *
 * @param step optimizer steps done
 * @param last evaluation, and the {@code best} so far
 * @param recentLosses from which divergence is judged
 * @param positions lengths of the files that grow, at this step
 * @param skipped in how many steps a parameter had no gradient, as an optimizer says it
 */
public record RunState(
        long step,
        @Nullable Tested last,
        @Nullable Tested best,
        List<Double> recentLosses,
        RunLog.Positions positions,
        SequencedMap<String, Long> skipped) {
    static final String FILE = "state.json";
    private static final JsonMapper JSON = JsonMapper.shared();

    @SuppressWarnings("ConstantValue") // a checkpoint from before it was kept
    public RunState {
        skipped = skipped == null ? new LinkedHashMap<>() : skipped;
    }

    /** A value of the metric, the loss beside it, and what else was measured, by name. */
    public record Tested(long step, double value, double loss, SequencedMap<String, Double> extras) {
        @SuppressWarnings("ConstantValue") // a checkpoint from before there were any
        public Tested {
            extras = extras == null ? new LinkedHashMap<>() : extras;
        }
    }

    public static final RunState START =
            new RunState(0, null, null, List.of(), RunLog.Positions.START, new LinkedHashMap<>());

    public RunState at(long newStep, List<Double> losses) {
        return new RunState(newStep, last, best, losses, positions, skipped);
    }

    public RunState tested(Tested now, boolean isBest) {
        return new RunState(step, now, isBest ? now : best, recentLosses, positions, skipped);
    }

    public RunState with(RunLog.Positions now) {
        return new RunState(step, last, best, recentLosses, now, skipped);
    }

    RunState skipped(SequencedMap<String, Long> now) {
        return new RunState(step, last, best, recentLosses, positions, now);
    }

    byte[] toJson() {
        return JSON.writeValueAsBytes(this);
    }

    static RunState read(Path file) throws IOException {
        try {
            return JSON.readValue(Files.readAllBytes(file), RunState.class);
        } catch (JacksonException e) {
            throw new UserError(
                    file + " is not the state of a run (" + e.getOriginalMessage()
                            + ").\nDelete its checkpoint to go on from the one before.",
                    e);
        }
    }
}
