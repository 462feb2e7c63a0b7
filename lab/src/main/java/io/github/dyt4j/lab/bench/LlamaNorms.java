package io.github.dyt4j.lab.bench;

import io.github.dyt4j.models.Llama;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Norm;
import io.github.dyt4j.torch.NormFunction;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.jspecify.annotations.Nullable;

/**
 * Passes of a LLaMA with each norm in turn, on one set of weights, and what its norms take by the paper's subtraction. The rows of DyT
 * against RMSNorm hold like against like: both composed from libtorch's operations, or both fused. A norm is so small a part of a pass that the
 * subtraction may see nothing of it, so every norm slot is timed by itself, too.
 */
final class LlamaNorms implements AutoCloseable {
    private static final int LEAST_PROBES = 3;
    private static final double PROBE_NANOS = 0.5e9;

    private final LlamaPlan plan;
    private final LlamaCut cut;
    private final List<NormSpec> norms;
    private final List<Llama> models = new ArrayList<>();
    private final List<LlamaPass> passes = new ArrayList<>();
    private final Tensor embedded;
    private final Tensor scale;

    LlamaNorms(LlamaPlan plan, LlamaCut cut, SharedWeights weights, List<NormSpec> norms) {
        this.plan = plan;
        this.cut = cut;
        this.norms = norms;
        int width = cut.config().hiddenSize();
        try (var _ = new Scope();
                var _ = Grad.off()) {
            var type = SharedWeights.type(cut.dtype());
            embedded = Scope.keep(torch.randn(cut.batch(), cut.tokens(), width).to(type));
            scale = Scope.keep(Tensors.full(1, 1).to(type));
        }
        embedded.set_requires_grad(true);
        scale.set_requires_grad(true);
        for (NormSpec norm : norms) {
            Llama model = cut.config().create(norm, weights.root());
            models.add(model);
            passes.add(new LlamaPass(model, cut.batch(), cut.tokens()));
        }
    }

    /** Operations a second in a pass with identity: of the fastest, since the first find everything cold. */
    static double flopsPerSecond(LlamaPlan plan, LlamaCut cut, SharedWeights weights) {
        try (LlamaNorms one = new LlamaNorms(plan, cut, weights, List.of(LlamaPlan.IDENTITY))) {
            double fastest = Double.POSITIVE_INFINITY;
            long begin = System.nanoTime();
            for (int i = 0; i < LEAST_PROBES || System.nanoTime() - begin < PROBE_NANOS; i++) {
                long started = System.nanoTime();
                one.pass(0).run();
                fastest = Math.min(fastest, System.nanoTime() - started);
            }
            return cut.flops() / (fastest / 1e9);
        } finally {
            weights.zeroGrad();
        }
    }

    private Runnable pass(int i) {
        return cut.training() ? passes.get(i)::training : passes.get(i)::inference;
    }

    /** What pointwise norms bring besides: x·s behind the embedding. */
    private void scalar() {
        try (var _ = new Scope();
                var _ = cut.training() ? Grad.on() : Grad.off()) {
            Tensor y = embedded.mul(scale);
            if (cut.training()) {
                LlamaParts.gradients(y, y.detach(), embedded, scale);
            }
        }
    }

    /** Every norm slot of a model by itself, on inputs of the pass's shape. */
    private void alone(Llama model) {
        for (Norm norm : model.norms().sites()) {
            try (var _ = new Scope();
                    var _ = cut.training() ? Grad.on() : Grad.off()) {
                Tensor y = norm.forward(embedded);
                if (cut.training()) {
                    List<Tensor> wanted = new ArrayList<>(List.of(embedded));
                    model.parameters().trainable().forEach((name, p) -> {
                        if (name.startsWith(norm.name() + ".")) {
                            wanted.add(p);
                        }
                    });
                    LlamaParts.gradients(y, embedded.detach(), wanted.toArray(Tensor[]::new));
                }
            }
        }
    }

    /**
     * Nanoseconds, a round each, all of the same rounds.
     *
     * @param passes with each norm, identity's first
     * @param alone the norm slots of each by themselves, none for identity
     * @param scalar what comes behind the embedding with pointwise norms
     */
    record Times(List<double[]> passes, List<double[]> alone, double[] scalar) {
        int rounds() {
            return scalar.length;
        }
    }

    Times measure(Interleaved harness) {
        int n = norms.size();
        List<Runnable> runs = new ArrayList<>();
        for (int i = 0; i < n; i++) {
            runs.add(pass(i));
        }
        models.subList(1, n).forEach(model -> runs.add(() -> alone(model)));
        runs.add(this::scalar);
        List<double[]> nanos = harness.run(runs);
        return new Times(nanos.subList(0, n), nanos.subList(n, 2 * n - 1), nanos.getLast());
    }

    List<BenchRow> rows(Times times) {
        return rows(LlamaRows.of(cut, plan.threads()), norms, cut.norms(), cut.wholeNorms(), times);
    }

    /**
     * @param built how many norms the passes have
     * @param whole how many the whole model has
     */
    static List<BenchRow> rows(LlamaRows rows, List<NormSpec> norms, int built, int whole, Times times) {
        String pass = rows.direction().equals("both") ? LlamaRows.TRAINING : LlamaRows.INFERENCE;
        List<BenchRow> all = new ArrayList<>();
        double[] identity = times.passes.getFirst();
        String least = NormsPlan.label(norms.getFirst());
        for (int i = 0; i < norms.size(); i++) {
            String norm = NormsPlan.label(norms.get(i));
            all.add(rows.time(pass, norm, times.passes.get(i), i == 0 ? null : least, i == 0 ? null : identity));
        }
        for (int i = 1; i < norms.size(); i++) {
            String norm = NormsPlan.label(norms.get(i));
            double[] own = times.passes.get(i);
            LayerCost cost = LayerCost.of(own, identity);
            all.add(rows.difference(LlamaRows.NORMS + pass, norm, cost.nanos(), least));
            all.add(rows.percent(LlamaRows.SHARE + pass, norm, own, cost.shares()));
            if (built < whole) {
                double[] once = isPointwise(norms.get(i)) ? times.scalar : new double[own.length];
                String scaled = LlamaRows.NORMS + pass + LlamaRows.SCALED + whole;
                all.add(rows.difference(scaled, norm, cost.scaled(built, whole, once), least));
            }
            all.add(rows.time(LlamaRows.ALONE + pass, norm, times.alone.get(i - 1), "pass", own));
        }
        if (norms.stream().anyMatch(LlamaNorms::isPointwise)) {
            all.add(rows.difference(LlamaRows.SCALAR + pass, "scalar", times.scalar, null));
        }
        for (int i = 1; i < norms.size(); i++) {
            NormSpec like = like(norms.get(i), norms);
            if (like != null) {
                double[] own = times.passes.get(i);
                double[] base = times.passes.get(norms.indexOf(like));
                String norm = NormsPlan.label(norms.get(i));
                String baseline = NormsPlan.label(like);
                String difference = LlamaRows.NORMS + pass + LlamaRows.AGAINST;
                all.add(rows.time(pass + LlamaRows.AGAINST, norm, own, baseline, base));
                all.add(rows.difference(difference, norm, Samples.differences(own, base), baseline));
                all.add(rows.time(
                        LlamaRows.ALONE + pass + LlamaRows.AGAINST,
                        norm,
                        times.alone.get(i - 1),
                        baseline,
                        times.alone.get(norms.indexOf(like) - 1)));
            }
        }
        return all;
    }

    private static boolean isPointwise(NormSpec norm) {
        return norm.function().squash() != null;
    }

    /** The RMSNorm that is made as this pointwise norm is: composed, or fused. */
    static @Nullable NormSpec like(NormSpec norm, List<NormSpec> norms) {
        if (!isPointwise(norm)) {
            return null;
        }
        String kernel = Objects.equals(norm.kernel(), "eager") ? "libtorch" : "fused";
        return norms.stream()
                .filter(n -> n.function() == NormFunction.RMSNORM && kernel.equals(n.kernel()))
                .findFirst()
                .orElse(null);
    }

    @Override
    public void close() {
        passes.forEach(LlamaPass::close);
        models.forEach(Llama::close);
        Scope.release(embedded);
        Scope.release(scale);
    }
}
