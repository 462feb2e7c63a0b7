package io.github.dyt4j.lab.bench;

import io.github.dyt4j.kernels.Bandwidth;
import io.github.dyt4j.torch.LibtorchLayerNorm;
import io.github.dyt4j.torch.NormFunction;
import io.github.dyt4j.torch.NormSpec;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The norms of a plan on one shape without autograd. This project's kernels work on memory that stays; libtorch's operations put each
 * output into memory that the call before gave back. Where libtorch has no backward of its own without autograd (its RMSNorm, and what is
 * composed of operations), only forward is measured.
 */
final class KernelLevel implements AutoCloseable {
    static final String WHAT = "kernel";

    private final NormsPlan plan;
    private final Shape shape;
    private final Buffers buffers;
    private final @Nullable LibtorchLayerNorm libtorch;
    private final List<LayerCase> layers = new ArrayList<>();
    private final List<Candidate> candidates = new ArrayList<>();
    private final Map<String, Double> errors = new HashMap<>();

    KernelLevel(NormsPlan plan, Shape shape) {
        this.plan = plan;
        this.shape = shape;
        buffers = new Buffers(shape, plan.dtype());
        libtorch = plan.norms().stream().anyMatch(KernelLevel::isLibtorchLayerNorm)
                ? new LibtorchLayerNorm(
                        shape.rows(), shape.width(), plan.dtype().bytes() == 2)
                : null;
        plan.norms().forEach(this::add);
        if (plan.directions().contains(Direction.FORWARD)) {
            long bytes = shape.size() * plan.dtype().bytes();
            candidates.add(new Candidate("copy", Direction.FORWARD, () -> Bandwidth.copy(buffers.x, buffers.y, bytes)));
        }
    }

    private static boolean isLibtorchLayerNorm(NormSpec spec) {
        return spec.function() == NormFunction.LAYERNORM && "libtorch".equals(spec.kernel());
    }

    private void add(NormSpec spec) {
        String label = NormsPlan.label(spec);
        if (isLibtorchLayerNorm(spec)) {
            plan.directions().forEach(d -> candidates.add(new Candidate(label, d, libtorch(d))));
        } else if ("fused".equals(spec.kernel())) {
            OwnNorm own = OwnNorm.of(spec, LayerCase.parameters(spec, shape), buffers);
            if (own != null) {
                errors.put(label, own.error());
                plan.directions().forEach(d -> candidates.add(new Candidate(label, d, own.run(d))));
            }
        } else if (spec.function() != NormFunction.IDENTITY && plan.directions().contains(Direction.FORWARD)) {
            LayerCase layer = new LayerCase(spec, shape, plan.dtype());
            layers.add(layer);
            candidates.add(new Candidate(label, Direction.FORWARD, layer::infer));
        }
    }

    private Runnable libtorch(Direction direction) {
        LibtorchLayerNorm norm = libtorch;
        if (norm == null) {
            throw new IllegalStateException();
        }
        return switch (direction) {
            case FORWARD -> norm::forward;
            case BACKWARD -> norm::backward;
            case BOTH -> norm::both;
        };
    }

    Group measure(Interleaved harness) {
        return Group.measure(harness, WHAT, shape, plan.dtype(), plan.threads(), candidates);
    }

    /** A row for each candidate, against the plan's first norm. */
    List<BenchRow> rows(Group group, double triad) {
        String baseline = NormsPlan.label(plan.norms().getFirst());
        List<BenchRow> rows = new ArrayList<>();
        for (int i = 0; i < candidates.size(); i++) {
            Candidate c = candidates.get(i);
            double[] base = c.norm().equals(baseline) ? null : group.of(baseline, c.direction());
            boolean backward = c.direction().equals(Direction.BACKWARD.key());
            rows.add(group.row(
                    c,
                    group.nanos().get(i),
                    baseline,
                    base,
                    group.bytes(Direction.parse(c.direction())),
                    triad,
                    backward ? null : errors.get(c.norm())));
        }
        return rows;
    }

    @Override
    public void close() {
        layers.forEach(LayerCase::close);
        if (libtorch != null) {
            libtorch.close();
        }
        buffers.close();
    }
}
