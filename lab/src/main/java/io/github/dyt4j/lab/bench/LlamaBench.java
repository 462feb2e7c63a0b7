package io.github.dyt4j.lab.bench;

import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.lab.bench.LlamaPlan.Topic;
import io.github.dyt4j.torch.TorchRuntime;
import io.github.dyt4j.training.run.Environment;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * {@code bench llama}: what the norms cost in a LLaMA, by the protocol of Zhu et al. (2025, appendix C, tables 14 and 15), and how near
 * generation and training come to what the machine could do.
 */
public final class LlamaBench {
    /** Of the environment: what was built and how often it ran, by pass. */
    static final String CUTS = "llama";
    /** Of the environment: the most memory of the process, which holds the models of all norms. */
    static final String PEAK = "processOfAllNormsPeakBytes";

    /** Of the machine's memory, what is left beside the JVM, libtorch and everybody else. */
    private static final double MEMORY = 0.8;

    private final LlamaPlan plan;
    private final Consumer<String> note;
    private final Interleaved harness;
    private final long memory;
    private final List<BenchRow> rows = new ArrayList<>();
    private final Map<String, Object> cuts = new LinkedHashMap<>();

    private LlamaBench(LlamaPlan plan, Consumer<String> note) {
        this.plan = plan;
        this.note = note;
        harness = new Interleaved(plan.seconds());
        long machine = Environment.machineBytes();
        memory = machine == 0 ? Long.MAX_VALUE : (long) (MEMORY * machine);
    }

    /** @param note is told what is measured next, a line each */
    public static BenchResult run(LlamaPlan plan, Consumer<String> note) throws IOException {
        return new LlamaBench(plan, note).run();
    }

    private BenchResult run() throws IOException {
        if (plan.has(Topic.STEP) || plan.has(Topic.CHECKPOINTING)) {
            plan.step().requireMemory(memory);
        }
        Load before = Load.now();
        TorchRuntime.start(plan.threads());
        TorchRuntime.seed(0);
        if (plan.has(Topic.INFERENCE) || plan.has(Topic.PREFILL) || plan.has(Topic.DECODE)) {
            try (SharedWeights weights = new SharedWeights(plan.dtype())) {
                LlamaCut cut = cut(false, weights);
                if (plan.has(Topic.INFERENCE)) {
                    norms(cut, weights);
                }
                generation(cut, weights);
            }
        }
        if (plan.has(Topic.TRAINING)) {
            try (SharedWeights weights = new SharedWeights(plan.dtype())) {
                norms(cut(true, weights), weights);
            }
        }
        long peak = Environment.peakBytes().orElse(0);
        step();
        Map<String, Object> environment = NormsBench.environment(plan.command(), before);
        environment.put("secondsATable", plan.seconds());
        environment.put(CUTS, cuts);
        if (peak > 0 && !cuts.isEmpty()) {
            environment.put(PEAK, peak);
        }
        return new BenchResult(environment, rows);
    }

    private LlamaCut cut(boolean training, SharedWeights weights) {
        return LlamaCut.of(
                plan,
                training,
                () -> {
                    LlamaCut probe = LlamaCut.probe(plan, training, memory);
                    note.accept("how fast a pass is, on " + probe.scope());
                    return LlamaNorms.flopsPerSecond(plan, probe, weights);
                },
                memory);
    }

    private void norms(LlamaCut cut, SharedWeights weights) {
        String pass = cut.training() ? LlamaRows.TRAINING : LlamaRows.INFERENCE;
        note.accept(pass + " of " + cut.scope() + " with " + plan.norms().size() + " norms in turn");
        try (LlamaNorms norms = new LlamaNorms(plan, cut, weights, plan.norms())) {
            LlamaNorms.Times times = norms.measure(harness);
            rows.addAll(norms.rows(times));
            cuts.put(pass, said(cut, times.rounds()));
        }
    }

    private static Map<String, Object> said(LlamaCut cut, int rounds) {
        Map<String, Object> said = new LinkedHashMap<>();
        said.put("model", cut.model());
        said.put("layers", cut.layers());
        said.put("layersOfTheModel", cut.wholeLayers());
        said.put("batch", cut.batch());
        said.put("tokens", cut.tokens());
        said.put("dtype", NormsPlan.name(cut.dtype()));
        said.put("rounds", rounds);
        said.put("weightsAndGradients", cut.training() ? "both in the dtype, no copy in f32" : "weights in the dtype");
        return said;
    }

    private void generation(LlamaCut cut, SharedWeights weights) {
        LlamaGeneration generation = new LlamaGeneration(plan, cut, weights, harness);
        if (plan.has(Topic.PREFILL)) {
            List<Integer> prompts = new ArrayList<>(List.of(cut.tokens()));
            int positions = cut.config().maxPositionEmbeddings();
            if (cut.tokens() != LlamaGeneration.PROMPT && positions >= LlamaGeneration.PROMPT) {
                prompts.addFirst(LlamaGeneration.PROMPT);
            }
            for (int tokens : prompts) {
                note.accept("prefill of " + cut.prefill(tokens).scope());
                rows.addAll(generation.prefill(tokens));
            }
        }
        if (plan.has(Topic.DECODE)) {
            note.accept("decode of " + cut.prefill(1).scope());
            rows.addAll(generation.decode());
        }
    }

    private void step() throws IOException {
        if (plan.has(Topic.STEP)) {
            for (boolean bf16 : new boolean[] {true, false}) {
                note.accept("a training step of " + plan.step() + (bf16 ? ", bf16 autocast" : ", f32"));
                rows.addAll(LlamaTraining.rows(plan.step(), plan.threads(), bf16, harness));
            }
        }
        if (plan.has(Topic.CHECKPOINTING)) {
            note.accept("gradient checkpointing of " + plan.step() + ": two processes");
            boolean bf16 = plan.dtype() == Dtype.BF16;
            rows.addAll(LlamaCheckpointing.rows(plan.step(), bf16, plan.threads(), plan.seconds()));
        }
    }
}
