package io.github.dyt4j.lab.bench;

import io.github.dyt4j.kernels.Bandwidth;
import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.torch.TorchRuntime;
import io.github.dyt4j.training.run.Environment;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** {@code bench norms}: the machine's bandwidth, the norms' kernels, the goals, and the norms inside autograd. */
public final class NormsBench {
    /** STREAM's count: two arrays read and one written, in f32. */
    private static final double TRIAD_BYTES = 12;

    private NormsBench() {}

    /** @param note is told what is measured next, a line each */
    public static BenchResult run(NormsPlan plan, Consumer<String> note) throws IOException {
        Load before = Load.now();
        TorchRuntime.start(plan.threads());
        TorchRuntime.seed(0);
        Interleaved harness = new Interleaved(plan.seconds());
        List<BenchRow> rows = new ArrayList<>();
        note.accept("the memory's bandwidth");
        BenchRow triad = triad(plan);
        rows.add(triad);
        double limit = triad.gbPerSecond() == null ? Double.NaN : triad.gbPerSecond();
        List<BenchRow> goals = new ArrayList<>();
        if (plan.levels().kernel()) {
            for (Shape shape : plan.shapes()) {
                note.accept("kernels of " + plan.norms().size() + " norms, " + shape);
                try (KernelLevel level = new KernelLevel(plan, shape)) {
                    rows.addAll(level.rows(level.measure(harness), limit));
                }
            }
        }
        if (plan.levels().shapeGoals()) {
            for (Shape shape : plan.goalShapes()) {
                note.accept("goals, " + shape);
                NormsPlan about = plan.ofGoals(shape);
                TorchRuntime.start(about.threads());
                try (KernelLevel level = new KernelLevel(about, shape)) {
                    goals.addAll(ShapeGoals.kernels(level.measure(harness)));
                }
                goals.add(ShapeGoals.rmsNorm(harness, shape, plan.dtype(), about.threads()));
            }
        }
        TorchRuntime.start(plan.threads());
        if (plan.levels().fixedGoals()) {
            new FixedGoals(harness, plan, goals::add).run(note);
        }
        if (plan.levels().layer()) {
            LayerLevel layers = new LayerLevel(plan);
            for (Shape shape : plan.shapes()) {
                rows.addAll(layers.rows(shape, limit, note));
            }
        }
        rows.addAll(goals);
        Map<String, Object> environment = environment(plan.command(), before);
        environment.put("secondsAShape", plan.seconds());
        environment.put("triadGbPerSecond", limit);
        return new BenchResult(environment, rows);
    }

    private static BenchRow triad(NormsPlan plan) {
        Shape shape = new Shape(plan.limitElements(), 1);
        try (Buffers b = new Buffers(shape, Dtype.F32)) {
            Candidate triad =
                    new Candidate("triad", "a=b+s·c", () -> Bandwidth.triad(b.y, b.x, b.dy, shape.size(), 0.5f));
            Group group = Group.measure(
                    new Interleaved(plan.seconds() / 2), "limit", shape, Dtype.F32, plan.threads(), List.of(triad));
            return group.row(triad, group.nanos().getFirst(), null, null, TRIAD_BYTES, null, null);
        }
    }

    /** Of this process, with the command and the machine's load before and now. */
    static Map<String, Object> environment(String command, Load before) {
        Map<String, Object> all = new LinkedHashMap<>(Environment.here().toMap());
        all.put("command", command);
        before.put(all, "loadBefore");
        Load.now().put(all, "loadAfter");
        return all;
    }
}
