package io.github.dyt4j.lab.bench;

import io.github.dyt4j.kernels.Accuracy;
import io.github.dyt4j.kernels.Bandwidth;
import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.kernels.Kernels;
import io.github.dyt4j.lab.bench.Goal.At;
import io.github.dyt4j.torch.NormSpec;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** The goals that have a shape of their own, in f32: out of every cache, in one core's cache, and where a call is short. */
final class FixedGoals {
    private static final NormSpec DYT = NormSpec.parse("dyt");
    private static final NormSpec RMSNORM = NormSpec.parse("rmsnorm(kernel=fused)");
    private static final String FOLDED = "dyt, folded";
    private static final String F32 = "f32";
    private static final String TO_INT8 = "f32→int8";
    /** 192 KiB a tensor. */
    private static final Shape IN_L2 = new Shape(24, 2048);

    private static final Shape SMALL = new Shape(128, 192);
    private static final Shape TINY = new Shape(16, 64);
    private static final int WIDE = 4096;

    private final Interleaved harness;
    private final NormsPlan plan;
    private final Consumer<BenchRow> rows;

    FixedGoals(Interleaved harness, NormsPlan plan, Consumer<BenchRow> rows) {
        this.harness = harness;
        this.plan = plan;
        this.rows = rows;
    }

    void run(Consumer<String> note) {
        Shape big = new Shape(Math.max(1, plan.limitElements() / WIDE), WIDE);
        note.accept("goals out of cache, " + big);
        outOfCache(big);
        note.accept("goals on small shapes");
        inL2();
        splice();
        threads();
    }

    private OwnPointwise dyt(Buffers b) {
        return OwnPointwise.of(DYT, LayerCase.parameters(DYT, b.shape), b);
    }

    private OwnRowNorm rmsNorm(Buffers b) {
        Map<String, float[]> state = LayerCase.parameters(RMSNORM, b.shape);
        return new OwnRowNorm(b, RMSNORM, state);
    }

    private Goal goal(String what, Shape shape, String dtype, String direction, double most) {
        return new Goal(what, new At(shape, dtype, direction, plan.threads()), most);
    }

    private Goal plain(String what, Shape shape, String direction) {
        return new Goal(what, new At(shape, F32, direction, plan.threads()), null);
    }

    private void outOfCache(Shape shape) {
        try (Buffers b = new Buffers(shape, Dtype.F32)) {
            OwnPointwise dyt = dyt(b);
            OwnPointwise folded = dyt.folded(Accuracy.F32);
            // Eight bits of output need no more than bf16's grade: it adds 0.09 to the half step of the rounding.
            OwnPointwise coarse = dyt.folded(Accuracy.BF16);
            OwnRowNorm rms = rmsNorm(b);
            long sum = b.floats(shape.size());
            List<double[]> t = harness.run(List.of(
                    dyt.run(Direction.BOTH),
                    () -> Bandwidth.triad(b.y, b.x, b.dy, shape.size(), 0.5f),
                    folded::forward,
                    rms::forward,
                    coarse::quantize,
                    rms::quantize,
                    () -> dyt.addForward(sum),
                    () -> rms.addForward(sum),
                    () -> dyt.addBackward(sum),
                    () -> rms.addBackward(sum)));
            String forward = Direction.FORWARD.key();
            // The triad moves 12 bytes an element, forward and backward of a norm 20.
            double[] least = Samples.times(t.get(1), 4.0 * Direction.BOTH.tensors() / 12);
            rows.accept(goal("DyT against its bytes at the triad's bandwidth", shape, F32, Direction.BOTH.key(), 1.25)
                    .ratio("dyt", t.get(0), "triad", least));
            rows.accept(goal("folded DyT against RMSNorm", shape, F32, forward, 0.60)
                    .ratio(FOLDED, t.get(2), ShapeGoals.OWN_RMSNORM, t.get(3)));
            rows.accept(goal("folded DyT (bf16 accuracy) to eight bits against RMSNorm", shape, TO_INT8, forward, 0.90)
                    .ratio(FOLDED, t.get(4), ShapeGoals.OWN_RMSNORM, t.get(5)));
            rows.accept(plain("residual and DyT against residual and RMSNorm", shape, forward)
                    .ratio("dyt", t.get(6), ShapeGoals.OWN_RMSNORM, t.get(7)));
            rows.accept(plain("residual and DyT against residual and RMSNorm", shape, Direction.BACKWARD.key())
                    .ratio("dyt", t.get(8), ShapeGoals.OWN_RMSNORM, t.get(9)));
        }
    }

    /** On one thread, so that one core's cache holds all of it, and in the accuracy that bf16 asks for. */
    private void inL2() {
        Kernels.threads(1);
        try (Buffers b = new Buffers(IN_L2, Dtype.F32)) {
            OwnPointwise folded = dyt(b).folded(Accuracy.BF16);
            OwnRowNorm rms = rmsNorm(b);
            List<double[]> t = harness.run(List.of(folded::forward, rms::forward));
            At at = new At(IN_L2, F32, Direction.FORWARD.key(), 1);
            rows.accept(new Goal("folded DyT against RMSNorm in L2, bf16 accuracy", at, 1.05)
                    .ratio(FOLDED, t.get(0), ShapeGoals.OWN_RMSNORM, t.get(1)));
        } finally {
            Kernels.threads(plan.threads());
        }
    }

    /** What putting a kernel into libtorch's graph costs a call, where the kernel itself costs next to nothing. */
    private void splice() {
        try (Buffers b = new Buffers(TINY, Dtype.F32);
                LayerCase layer = new LayerCase(DYT, TINY, Dtype.F32)) {
            List<double[]> t = harness.run(List.of(layer::both, dyt(b).run(Direction.BOTH)));
            rows.accept(goal("autograd splice", TINY, F32, Direction.BOTH.key(), 100)
                    .microseconds("dyt", t.get(0), "its kernel", t.get(1)));
        }
    }

    /** Waking a second thread must not cost more than it brings. */
    private void threads() {
        if (plan.threads() == 1) {
            return;
        }
        try (Buffers b = new Buffers(SMALL, Dtype.F32)) {
            Runnable both = dyt(b).run(Direction.BOTH);
            List<double[]> t = harness.run(List.of(() -> on(plan.threads(), both), () -> on(1, both)));
            rows.accept(goal("all threads against one, small shape", SMALL, F32, Direction.BOTH.key(), 1.00)
                    .noWorse("dyt", t.get(0), "dyt, 1 thread", t.get(1)));
        } finally {
            Kernels.threads(plan.threads());
        }
    }

    private static void on(int threads, Runnable run) {
        Kernels.threads(threads);
        run.run();
    }
}
