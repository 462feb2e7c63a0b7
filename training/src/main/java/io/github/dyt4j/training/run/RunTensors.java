package io.github.dyt4j.training.run;

import io.github.dyt4j.models.Model;
import io.github.dyt4j.torch.Ema;
import io.github.dyt4j.torch.Optimizer;
import io.github.dyt4j.torch.Weights;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import org.jspecify.annotations.Nullable;

/**
 * What a checkpoint holds: {@code model.safetensors}, {@code optimizer.safetensors}, {@code ema.safetensors} where averaging is on, and
 * {@code state.json}.
 */
public record RunTensors(
        Model model, Optimizer optimizer, @Nullable Ema ema) {
    public static final String MODEL = "model.safetensors";
    public static final String OPTIMIZER = "optimizer.safetensors";
    public static final String EMA = "ema.safetensors";

    public void save(Checkpoint series, RunState before) throws IOException {
        RunState state = before.skipped(optimizer.skipped());
        SequencedMap<String, Checkpoint.Content> content = new LinkedHashMap<>();
        content.put(
                MODEL,
                out -> Weights.save(
                        out, Map.of("format", "pt"), model.parameters().state()));
        content.put(OPTIMIZER, out -> Weights.save(out, Map.of("format", "pt"), optimizer.state()));
        if (ema != null) {
            content.put(EMA, out -> Weights.save(out, Map.of("format", "pt"), ema.state()));
        }
        content.put(RunState.FILE, out -> Store.writeFully(out, ByteBuffer.wrap(state.toJson())));
        series.save(state.step(), content);
    }

    public RunState load(Checkpoint.Found found) throws IOException {
        RunState state = RunState.read(found.file(RunState.FILE));
        Weights.load(found.file(MODEL), model.parameters().state(), true);
        Weights.load(found.file(OPTIMIZER), optimizer.state(), true);
        optimizer.resumeAt(state.step(), state.skipped());
        if (ema != null) {
            Weights.load(found.file(EMA), ema.state(), true);
        }
        return state;
    }
}
