package io.github.dyt4j.lab.bench;

import io.github.dyt4j.torch.TorchRuntime;
import io.github.dyt4j.training.run.Environment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What JMH runs in a process of its own: a LLaMA's training step, so that the peak of memory is the step's. */
@State(Scope.Benchmark)
public class LlamaStepBenchmark {
    @Param("llama_mini")
    public String model = "llama_mini";

    /** {@code key=value}, a space between. */
    @Param("")
    public String arguments = "";

    @Param("false")
    public String checkpointing = "false";

    @Param("2x64")
    public String shape = "2x64";

    @Param("false")
    public String bf16 = "false";

    @Param("1")
    public int threads;

    private @Nullable LlamaStep step;

    @Setup
    public void make() {
        TorchRuntime.start(threads);
        Map<String, Object> all = new LinkedHashMap<>(LlamaPlan.arguments(words(arguments)));
        all.put("gradient_checkpointing", checkpointing);
        step = new LlamaStep(LlamaPlan.Step.of(model, all, shape), Boolean.parseBoolean(bf16));
    }

    private static List<String> words(String text) {
        return text.isEmpty() ? List.of() : List.of(text.split(" "));
    }

    @Benchmark
    public void step() {
        if (step == null) {
            throw new IllegalStateException("not set up");
        }
        step.step();
    }

    @TearDown
    public void end() throws IOException {
        if (step != null) {
            step.close();
        }
        String folder = System.getProperty(NormBenchmark.PEAKS_PROPERTY);
        if (folder != null) {
            long peak = Environment.peakBytes().orElse(0);
            Files.writeString(NormBenchmark.peakFile(Path.of(folder), checkpointing), Long.toString(peak));
        }
    }
}
