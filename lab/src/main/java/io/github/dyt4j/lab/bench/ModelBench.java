package io.github.dyt4j.lab.bench;

import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.lab.bench.Samples.Middle;
import io.github.dyt4j.torch.Norm;
import io.github.dyt4j.torch.NormFunction;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.TorchRuntime;
import io.github.dyt4j.training.StepProbe;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * {@code bench model}: a whole training step with one norm and with another, in turn; what share of it the norms are, which is all that a
 * swap could ever save; and what Java adds around the kernels. Decoding of data is left out.
 */
public final class ModelBench {
    /** What the rows are called that say how much of a step its norms are. */
    public static final String SHARE = "norms' share of a step";

    private static final double STEP_GOAL = 1.01;
    private static final double OUTSIDE_GOAL = 5;
    /** A step shorter than this is all overhead, and nobody's problem. */
    private static final double LEAST_STEP_NANOS = 50e6;

    private static final double PROFILE_SECONDS = 8;

    private ModelBench() {}

    /** @param note is told what is measured next, a line each */
    public static BenchResult run(ModelPlan plan, Consumer<String> note) {
        Load before = Load.now();
        TorchRuntime.start(plan.recipe().integer("threads"));
        List<BenchRow> rows = new ArrayList<>();
        List<StepProbe> probes = new ArrayList<>();
        try {
            for (NormSpec norm : plan.norms()) {
                probes.add(StepProbe.of(plan.recipe().with("norm", norm)));
            }
            note.accept(
                    "steps of " + plan.recipe().name() + " with " + plan.norms().size() + " norms in turn");
            List<double[]> nanos = new Interleaved(plan.seconds())
                    .run(probes.stream().<Runnable>map(p -> p::step).toList());
            steps(plan, nanos, rows);
            note.accept("the norms of a step alone");
            for (int i = 0; i < plan.norms().size(); i++) {
                share(plan, i, probes.get(i), nanos.get(i), rows);
            }
            int dyt = plan.norms().indexOf(NormSpec.parse("dyt"));
            if (dyt >= 0) {
                note.accept("where a step's time goes");
                outside(plan, probes.get(dyt), nanos.get(dyt), rows);
            }
        } finally {
            probes.forEach(StepProbe::close);
        }
        Map<String, Object> environment = NormsBench.environment(plan.command(), before);
        environment.put(
                "recipe",
                plan.recipe().name() + ", model " + plan.recipe().model() + ", batch "
                        + plan.recipe().batchSize());
        return new BenchResult(environment, rows);
    }

    private static void steps(ModelPlan plan, List<double[]> nanos, List<BenchRow> rows) {
        for (int i = 0; i < nanos.size(); i++) {
            double[] base = i == 0 ? null : nanos.get(0);
            Middle middle = base == null ? Middle.of(nanos.get(i)) : Middle.of(Samples.ratios(nanos.get(i), base));
            NormSpec norm = plan.norms().get(i);
            boolean goal = base != null
                    && norm.function() == NormFunction.DYT
                    && plan.norms().getFirst().function() == NormFunction.LAYERNORM;
            rows.add(row(
                    plan,
                    "step",
                    i,
                    nanos.get(i),
                    base == null ? null : middle.median(),
                    middle.spread(),
                    Samples.median(nanos.get(i)) / 1e6,
                    "ms",
                    null));
            if (goal) {
                rows.add(row(
                        plan,
                        "step with DyT against LayerNorm",
                        i,
                        nanos.get(i),
                        middle.median(),
                        middle.spread(),
                        null,
                        null,
                        STEP_GOAL));
            }
        }
    }

    /** The time of every norm slot's forward and backward, measured alone at its shape, over the step's. */
    private static void share(ModelPlan plan, int i, StepProbe probe, double[] step, List<BenchRow> rows) {
        Map<Shape, Integer> shapes = new LinkedHashMap<>();
        boolean[] bf16 = new boolean[1];
        probe.norms().tap((Norm norm, Tensor x) -> {
            long width = x.size(-1);
            bf16[0] |= x.element_size() == 2;
            shapes.merge(new Shape(x.numel() / width, (int) width), 1, Integer::sum);
        });
        probe.forward();
        probe.norms().tap(null);
        double sum = 0;
        for (Map.Entry<Shape, Integer> e : shapes.entrySet()) {
            try (LayerCase layer = new LayerCase(plan.norms().get(i), e.getKey(), bf16[0] ? Dtype.BF16 : Dtype.F32)) {
                double one = Samples.median(new Interleaved(Math.min(0.5, plan.seconds()))
                        .run(List.of(layer::both))
                        .getFirst());
                sum += one * e.getValue();
            }
        }
        double percent = 100 * sum / Samples.median(step);
        rows.add(row(plan, SHARE, i, step, null, Middle.of(step).spread(), percent, "%", null));
    }

    private static void outside(ModelPlan plan, StepProbe probe, double[] step, List<BenchRow> rows) {
        double percent = StepProfile.outsidePercent(probe::step, Math.min(PROFILE_SECONDS, plan.seconds()));
        if (Double.isNaN(percent)) {
            return;
        }
        boolean worthALook = Samples.median(step) >= LEAST_STEP_NANOS;
        int dyt = plan.norms().indexOf(NormSpec.parse("dyt"));
        rows.add(row(
                plan,
                "time outside the kernels",
                dyt,
                step,
                null,
                Middle.of(step).spread(),
                percent,
                "%",
                worthALook ? OUTSIDE_GOAL : null));
    }

    /** A row of a step has one example as its element. */
    private static BenchRow row(
            ModelPlan plan,
            String what,
            int norm,
            double[] nanos,
            @Nullable Double ratio,
            double spread,
            @Nullable Double value,
            @Nullable String unit,
            @Nullable Double goal) {
        double n = plan.recipe().batchSize();
        Double measured = value == null ? ratio : value;
        return new BenchRow(
                what,
                plan.norms().get(norm).toString(),
                ratio == null ? null : plan.norms().getFirst().toString(),
                plan.recipe().bf16() ? "bf16" : "f32",
                plan.recipe().batchSize(),
                1,
                "both",
                TorchRuntime.threads(),
                Samples.median(nanos) / n,
                Samples.quantile(0.1, nanos) / n,
                Samples.quantile(0.9, nanos) / n,
                ratio,
                spread,
                null,
                null,
                null,
                null,
                value,
                unit,
                goal,
                (goal == null || measured == null) ? null : Boolean.valueOf(measured <= goal));
    }
}
