package io.github.dyt4j.lab.bench;

import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.torch.NormSpec;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What is asked of every shape: DyT against LayerNorm, and this project's LayerNorm and RMSNorm against libtorch's. Forward and backward. */
final class ShapeGoals {
    static final String LIBTORCH_LAYERNORM = "layernorm(kernel=libtorch)";
    static final String OWN_LAYERNORM = "layernorm(kernel=fused)";
    static final String LIBTORCH_RMSNORM = "rmsnorm(kernel=libtorch)";
    static final String OWN_RMSNORM = "rmsnorm(kernel=fused)";
    static final String DYT = "dyt";

    /** From so many elements on, DyT is not to be slower than a LayerNorm that is as well made. */
    private static final long LARGE = 1_000_000;

    private ShapeGoals() {}

    /** From the rounds of the kernel level; a goal of norms that were not measured is left out. */
    static List<BenchRow> kernels(Group group) {
        List<BenchRow> rows = new ArrayList<>();
        add(rows, group, "DyT against libtorch's LayerNorm", DYT, LIBTORCH_LAYERNORM, 0.80);
        if (group.shape().size() >= LARGE) {
            add(rows, group, "DyT against own LayerNorm", DYT, OWN_LAYERNORM, 1.00);
        }
        add(rows, group, "own LayerNorm against libtorch's", OWN_LAYERNORM, LIBTORCH_LAYERNORM, 0.90);
        return rows;
    }

    /** Inside autograd on both sides, since libtorch's RMSNorm has no other backward. */
    static BenchRow rmsNorm(Interleaved harness, Shape shape, Dtype dtype, int threads) {
        try (var own = new LayerCase(NormSpec.parse(OWN_RMSNORM), shape, dtype);
                var libtorch = new LayerCase(NormSpec.parse(LIBTORCH_RMSNORM), shape, dtype)) {
            List<double[]> nanos = harness.run(List.of(own::both, libtorch::both));
            return goal("own RMSNorm against libtorch's (autograd)", shape, dtype, threads, 0.90)
                    .ratio(OWN_RMSNORM, nanos.get(0), LIBTORCH_RMSNORM, nanos.get(1));
        }
    }

    private static void add(List<BenchRow> rows, Group group, String what, String norm, String baseline, double most) {
        double @Nullable [] own = group.of(norm, Direction.BOTH);
        double @Nullable [] base = group.of(baseline, Direction.BOTH);
        if (own != null && base != null) {
            rows.add(goal(what, group.shape(), group.dtype(), group.threads(), most)
                    .ratio(norm, own, baseline, base));
        }
    }

    private static Goal goal(String what, Shape shape, Dtype dtype, int threads, double most) {
        return new Goal(what, new Goal.At(shape, NormsPlan.name(dtype), Direction.BOTH.key(), threads), most);
    }
}
