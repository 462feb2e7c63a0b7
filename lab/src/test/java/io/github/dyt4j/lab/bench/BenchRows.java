package io.github.dyt4j.lab.bench;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A bench that never ran, with made-up numbers of a plausible shape, to test words, tables and drawing. */
final class BenchRows {
    static final long[][] SHAPES = {{4096, 192}, {8192, 384}, {8192, 768}, {2048, 4096}, {16384, 2048}};
    private static final double TRIAD = 30.5;

    private BenchRows() {}

    /** A layer's forward and backward, f32 on two threads, with this ratio and spread. */
    static BenchRow layer(String norm, @Nullable String baseline, long[] shape, @Nullable Double ratio, double spread) {
        return row("layer", norm, baseline, "f32", shape, "both", 2, ratio == null ? 1 : ratio, ratio, spread);
    }

    static BenchRow row(
            String what,
            String norm,
            @Nullable String baseline,
            String dtype,
            long[] shape,
            String direction,
            int threads,
            double ns,
            @Nullable Double ratio,
            double spread) {
        double bytes = (direction.equals("forward") ? 8 : direction.equals("backward") ? 12 : 20)
                * (dtype.equals("bf16") ? 0.5 : 1);
        boolean foreign = what.equals("pytorch");
        return new BenchRow(
                what,
                norm,
                baseline,
                dtype,
                shape[0],
                (int) shape[1],
                direction,
                threads,
                ns,
                ns * (1 - spread * 0.7),
                ns * (1 + spread * 1.6),
                ratio,
                spread,
                foreign ? null : bytes / ns,
                foreign ? null : bytes / ns / TRIAD,
                foreign || what.equals("step") ? null : 3.1e-7,
                what.equals("layer") ? 380L << 20 : null,
                null,
                null,
                null,
                null);
    }

    static BenchRow goal(BenchRow r, String what, @Nullable Double value, @Nullable String unit, double goal) {
        double held = value != null ? value : r.ratio() != null ? r.ratio() : Double.NaN;
        return new BenchRow(
                what,
                r.norm(),
                r.baseline(),
                r.dtype(),
                r.rows(),
                r.width(),
                r.direction(),
                r.threads(),
                r.nsPerElement(),
                r.p10(),
                r.p90(),
                r.ratio(),
                r.spread(),
                r.gbPerSecond(),
                r.ofLimit(),
                r.error(),
                r.peakBytes(),
                value,
                unit,
                goal,
                held <= goal);
    }

    static Map<String, Object> environment() {
        Map<String, Object> environment = new LinkedHashMap<>();
        environment.put("cpu", "made up, 2 cores at 2.4 GHz");
        environment.put("cores", 2);
        environment.put("memoryBytes", 16L << 30);
        environment.put("java", "25.0.1");
        environment.put("libtorch", "2.10.0");
        environment.put("kernels", "vector 512-bit, 2 threads");
        environment.put("allocator", "glibc, no trimming");
        environment.put("loadBefore", 0.12);
        environment.put("loadAfter", 1.94);
        environment.put("triadGbPerSecond", TRIAD);
        environment.put("peakGflops", 230.0);
        environment.put("command", "./dyt4j bench --norm layernorm --norm dyt --threads 2");
        return environment;
    }

    /** Layers and kernels of several norms on all shapes, PyTorch's beside them, limits, a step and goals. */
    static BenchResult whole() {
        List<BenchRow> rows = new ArrayList<>();
        String[] norms = {
            BenchFinding.LAYERNORM, BenchFinding.OWN_LAYERNORM, "rmsnorm", "dyt", "derf", "dyt(kernel=eager)"
        };
        double[][] both = {
            {0.65, 0.69, 1.92, 1.58, 1.71}, {0.62, 0.55, 0.66, 0.79, 0.84}, {0.55, 0.51, 0.62, 0.76, 0.81},
            {0.71, 0.52, 0.53, 0.75, 0.80}, {0.88, 0.71, 0.69, 0.83, 0.86}, {2.7, 4.0, 4.0, 3.4, 3.6}
        };
        String[] directions = {"both", "forward", "backward"};
        double[] share = {1, 0.4, 0.6};
        for (String what : List.of("layer", "kernel")) {
            for (String dtype : List.of("f32", "bf16")) {
                for (int s = 0; s < SHAPES.length; s++) {
                    for (int n = 0; n < norms.length - (what.equals("kernel") ? 1 : 0); n++) {
                        for (int d = 0; d < 3; d++) {
                            double scale =
                                    share[d] * (dtype.equals("bf16") ? 0.6 : 1) * (what.equals("kernel") ? 0.9 : 1);
                            double spread = 0.02 + 0.013 * ((s + 2 * n + d) % 5);
                            rows.add(row(
                                    what,
                                    norms[n],
                                    n == 0 ? null : norms[0],
                                    dtype,
                                    SHAPES[s],
                                    directions[d],
                                    2,
                                    both[n][s] * scale,
                                    n == 0 ? null : both[n][s] / both[0][s],
                                    spread));
                        }
                    }
                }
            }
        }
        String[] python = {"pytorch layernorm", "pytorch layernorm compiled", "pytorch dyt", "pytorch dyt compiled"};
        double[] times = {0.81, 0.95, 3.6, 2.6};
        for (int s = 0; s < 4; s++) {
            for (int n = 0; n < 4; n++) {
                rows.add(row(
                        "pytorch",
                        python[n],
                        n == 0 ? null : python[0],
                        "f32",
                        SHAPES[s],
                        "both",
                        2,
                        times[n] * (1 + 0.2 * s),
                        n == 0 ? null : times[n] / times[0],
                        0.06));
            }
        }
        rows.add(row("step", "layernorm", null, "f32", new long[] {4160, 192}, "both", 2, 33000, null, 0.03));
        rows.add(row("step", "dyt", "layernorm", "f32", new long[] {4160, 192}, "both", 2, 33100, 1.004, 0.02));
        BenchRow dyt = layer("dyt", BenchFinding.LAYERNORM, SHAPES[2], 0.276, 0.04);
        rows.add(goal(dyt, "dyt is no slower than LayerNorm", null, null, 1));
        rows.add(goal(
                layer("dyt", BenchFinding.OWN_LAYERNORM, SHAPES[0], 1.15, 0.05),
                "dyt is no slower than own LayerNorm",
                null,
                "x",
                1.05));
        rows.add(goal(dyt, "a call costs little", 7.4, "µs", 10));
        rows.add(goal(dyt, "share of a step", 1.3, "%", 2));
        return new BenchResult(environment(), rows);
    }

    /** A LLaMA's passes, both ways, a prefill and a step with their parts, and processes. */
    static BenchResult llama() {
        List<BenchRow> rows = new ArrayList<>();
        String scope = "llama_7b, 2 of 32 layers of the true width, 1 x 512 tokens";
        for (String direction : List.of("forward", "both")) {
            LlamaRows of = new LlamaRows(scope, 512, 4096, "bf16", direction, 2);
            double[] identity = {1.0e9, 1.1e9, 1.3e9};
            double[][] costs = {{30e6, 31e6, 33e6}, {8e6, 9e6, 10e6}, {20e6, 26e6, 22e6}, {8e6, -9e6, 12e6}};
            List<double[]> passes = new ArrayList<>(List.of(identity));
            for (double[] cost : costs) {
                passes.add(Samples.differences(identity, Samples.times(cost, -1)));
            }
            List<double[]> alone = new ArrayList<>(List.of(costs));
            alone.set(3, new double[] {5e6, 5e6, 5e6});
            LlamaNorms.Times times = new LlamaNorms.Times(passes, alone, new double[] {1e6, 1e6, 1e6});
            rows.addAll(LlamaNorms.rows(of, LlamaPlan.NORMS, 5, 65, times));
        }
        LlamaRows prefill = new LlamaRows(scope, 512, 4096, "bf16", "forward", 2);
        double[] whole = {1e9, 1.1e9};
        double[] products = {7e8, 8e8};
        rows.add(prefill.time(LlamaRows.PREFILL, "rmsnorm(kernel=fused)", whole, null, null));
        rows.add(prefill.share(
                0.8, LlamaRows.PRODUCTS_SHARE, "rmsnorm(kernel=fused)", whole, "matrix products", products));
        rows.addAll(prefill.parts(
                LlamaRows.PREFILL, whole, List.of("matrix products", "attention"), List.of(products, new double[] {
                    3.1e8, 3.2e8
                })));
        LlamaRows step = new LlamaRows("llama_100m, 2 x 256 tokens", 512, 768, "bf16 autocast", "both", 2);
        rows.add(step.time(LlamaRows.CHECKPOINTING, "activations kept", whole, null, null)
                .peak(3L << 30));
        Map<String, Object> environment = environment();
        environment.put(
                LlamaBench.CUTS,
                Map.of(
                        "inference",
                        Map.of("rounds", 14, "layers", 2, "layersOfTheModel", 32, "batch", 1, "tokens", 512)));
        environment.put(LlamaBench.PEAK, 4_000_000_000L);
        return new BenchResult(environment, rows);
    }
}
