package io.github.dyt4j.lab.bench;

import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.TorchRuntime;
import io.github.dyt4j.training.run.Environment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** What JMH runs in a process of its own: one norm inside autograd. The benchmarks' names are the directions'. */
@State(Scope.Benchmark)
public class NormBenchmark {
    /** A folder into which the process writes by how much its peak of memory rose after the inputs were there. */
    static final String PEAKS_PROPERTY = "dyt4j.bench.peaks";

    @Param("dyt")
    public String spec = "dyt";

    @Param("8192x384")
    public String shape = "8192x384";

    @Param("f32")
    public String dtype = "f32";

    @Param("1")
    public int threads;

    private @Nullable LayerCase layer;
    private long peakBefore;

    @Setup
    public void make() {
        TorchRuntime.start(threads);
        layer = new LayerCase(NormSpec.parse(spec), Shape.parse(shape), NormsPlan.dtype(dtype));
        peakBefore = Environment.peakBytes().orElse(0);
    }

    @Benchmark
    public void forward() {
        layer().forward();
    }

    @Benchmark
    public void both() {
        layer().both();
    }

    private LayerCase layer() {
        if (layer == null) {
            throw new IllegalStateException("not set up");
        }
        return layer;
    }

    @TearDown
    public void end() throws IOException {
        long risen = Environment.peakBytes().orElse(0) - peakBefore;
        layer().close();
        String folder = System.getProperty(PEAKS_PROPERTY);
        if (folder != null) {
            Files.writeString(peakFile(Path.of(folder), spec), Long.toString(risen));
        }
    }

    static Path peakFile(Path folder, String spec) {
        return folder.resolve(spec.replaceAll("[^\\w=.,()-]", "_"));
    }

    /** What the process of this norm wrote. */
    static long peak(Path folder, String spec) throws IOException {
        return Long.parseLong(Files.readString(peakFile(folder, spec)));
    }
}
