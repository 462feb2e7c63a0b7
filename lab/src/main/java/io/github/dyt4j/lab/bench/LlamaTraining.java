package io.github.dyt4j.lab.bench;

import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.lab.bench.LlamaParts.Part;
import io.github.dyt4j.lab.bench.LlamaParts.Pass;
import io.github.dyt4j.models.Llama;
import java.util.ArrayList;
import java.util.List;

/**
 * A LLaMA's whole training step against its matrix products alone: of every linear layer y = x·Wᵀ, dx = dy·W and dW = dyᵀ·x, in the dtype in
 * which the step multiplies. Attention's products are not counted among them; they stand in the row of attention.
 */
final class LlamaTraining {
    static final double GOAL = 1.6;

    private LlamaTraining() {}

    /** @param bf16 whether the step runs under autocast */
    static List<BenchRow> rows(LlamaPlan.Step step, int threads, boolean bf16, Interleaved harness) {
        Dtype inner = bf16 ? Dtype.BF16 : Dtype.F32;
        Llama.Config config = LlamaPlan.config(step.model(), step.arguments());
        Pass pass = new Pass(config, step.batch(), step.tokens(), 0, step.tokens(), inner, Dtype.F32, true);
        try (LlamaStep whole = new LlamaStep(step, bf16);
                SharedWeights weights = new SharedWeights(inner);
                LlamaParts parts = new LlamaParts(pass)) {
            List<Part> all = parts.common(weights, LlamaStep.NORM);
            all.addAll(parts.training(weights));
            all.add(new Part("clipping", whole::clip));
            all.add(new Part("AdamW", whole::update));
            List<Runnable> runs = new ArrayList<>(List.of(whole::step)); // first, since it leaves the gradients
            all.forEach(part -> runs.add(part.run()));
            List<double[]> nanos = harness.run(runs);
            return rows(step, threads, bf16, all.stream().map(Part::name).toList(), nanos);
        }
    }

    private static List<BenchRow> rows(
            LlamaPlan.Step step, int threads, boolean bf16, List<String> parts, List<double[]> nanos) {
        LlamaRows rows = of(step, threads, bf16);
        String norm = NormsPlan.label(LlamaStep.NORM);
        double[] own = nanos.getFirst();
        double[] products = nanos.get(1 + parts.indexOf(LlamaParts.PRODUCTS));
        List<BenchRow> all = new ArrayList<>();
        all.add(rows.time(LlamaRows.STEP, norm, own, null, null));
        all.add(rows.atMost(GOAL, LlamaRows.STEP_OVER_PRODUCTS, norm, own, LlamaParts.PRODUCTS, products));
        all.addAll(rows.parts(LlamaRows.STEP, own, parts, nanos.subList(1, nanos.size())));
        return all;
    }

    static LlamaRows of(LlamaPlan.Step step, int threads, boolean bf16) {
        int width = LlamaPlan.config(step.model(), step.arguments()).hiddenSize();
        String dtype = bf16 ? "bf16 autocast" : "f32";
        return new LlamaRows(step.toString(), step.batch() * step.tokens(), width, dtype, "both", threads);
    }
}
