package io.github.dyt4j.cli;

import io.github.dyt4j.formats.Nearest;
import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.lab.llm.Pretrained;
import io.github.dyt4j.torch.TorchRuntime;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How a language model is held: options of every command that opens one. */
final class WeightsOptions {
    @Option(
            names = "--dtype",
            paramLabel = "f32|bf16|auto",
            description =
                    "What the weights are held and multiplied in. Default: auto, bf16 where the machine multiplies it.")
    private @Nullable String dtype;

    @Option(names = "--threads", paramLabel = "N", description = "Threads. Default: all cores.")
    private @Nullable Integer threads;

    /** Whether either was typed. */
    boolean given() {
        return dtype != null || threads != null;
    }

    /** Refuses wrong options, before a model of gigabytes is opened. */
    Dtype checked() {
        if (threads != null && threads < 1) {
            throw new UserError("--threads " + threads + ": at least one thread does the work.");
        }
        String typed = dtype == null ? "auto" : dtype;
        return switch (typed) {
            case "f32" -> Dtype.F32;
            case "bf16" -> Dtype.BF16;
            case "auto" -> TorchRuntime.multipliesBf16() ? Dtype.BF16 : Dtype.F32;
            default ->
                throw new UserError("--dtype '" + typed + "': f32, bf16 and auto are known."
                        + Nearest.hint(typed, List.of("f32", "bf16", "auto")));
        };
    }

    Pretrained open(Path model) throws IOException {
        Dtype held = checked();
        TorchRuntime.start(threads == null ? 0 : threads);
        return Pretrained.open(model, held);
    }
}
