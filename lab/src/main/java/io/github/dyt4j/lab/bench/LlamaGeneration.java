package io.github.dyt4j.lab.bench;

import io.github.dyt4j.lab.bench.LlamaParts.Part;
import io.github.dyt4j.lab.bench.LlamaParts.Pass;
import io.github.dyt4j.models.KvCache;
import io.github.dyt4j.models.Llama;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Scope;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * What a LLaMA that generates is held against. Prefill, a prompt into an empty cache with the head on its last token, against libtorch's
 * matrix products of the same shapes on the same weights; decode, one token more, against a plain read of as many bytes as the weights have.
 * Both in one process, in turn, with the kinds of work that they consist of.
 */
final class LlamaGeneration {
    static final double PREFILL_GOAL = 0.80;
    static final double DECODE_GOAL = 0.75;
    /** Tokens of a prompt that prefill is always looked at with, and the most that a decoded token sees. */
    static final int PROMPT = 512;

    private static final NormSpec NORM = NormSpec.parse("rmsnorm");
    private static final long UNKNOWN_CACHE = 64L << 20;

    private final LlamaPlan plan;
    private final LlamaCut cut;
    private final SharedWeights weights;
    private final Interleaved harness;

    LlamaGeneration(LlamaPlan plan, LlamaCut cut, SharedWeights weights, Interleaved harness) {
        this.plan = plan;
        this.cut = cut;
        this.weights = weights;
        this.harness = harness;
    }

    /** A prompt of so many tokens. */
    List<BenchRow> prefill(int tokens) {
        Pass pass = new Pass(cut.config(), 1, tokens, 0, 1, plan.dtype(), plan.dtype(), false);
        try (Llama model = cut.config().create(NORM, weights.root());
                KvCache cache = model.cache(tokens);
                Prompt prompt = new Prompt(tokens);
                LlamaParts parts = new LlamaParts(pass)) {
            Runnable prefill = () -> {
                cache.truncate(0);
                next(model, prompt.ids, cache);
            };
            List<Part> all = parts.common(weights, NORM);
            List<double[]> nanos = harness.run(runs(prefill, all));
            LlamaRows rows = LlamaRows.of(cut.prefill(tokens), plan.threads());
            Best products = new Best(LlamaRows.PRODUCTS_SHARE, LlamaParts.PRODUCTS, nanos.get(1), PREFILL_GOAL);
            return rows(rows, LlamaRows.PREFILL, nanos, all, products);
        }
    }

    /** One token after a prompt. */
    List<BenchRow> decode() {
        int past = Math.min(PROMPT, cut.config().maxPositionEmbeddings() - 1);
        long bytes = plan.dtype().bytes() * LlamaParts.weights(cut.config());
        Pass pass = new Pass(cut.config(), 1, 1, past, 1, plan.dtype(), plan.dtype(), false);
        try (Llama model = cut.config().create(NORM, weights.root());
                KvCache cache = model.cache(past + 1);
                Prompt prompt = new Prompt(past);
                Prompt one = new Prompt(1);
                PlainRead read = new PlainRead(bytes, plan.threads());
                LlamaParts parts = new LlamaParts(pass)) {
            next(model, prompt.ids, cache);
            Runnable decode = () -> {
                cache.truncate(past);
                next(model, one.ids, cache);
            };
            List<Part> all = parts.common(weights, NORM);
            List<Runnable> runs = runs(decode, all);
            runs.add(read::run);
            List<double[]> nanos = harness.run(runs);
            LlamaRows rows = LlamaRows.of(cut.prefill(1), plan.threads());
            // What a cache keeps is not read from memory, and then a share of the memory's speed says nothing.
            Double goal = bytes > lastCacheBytes() ? DECODE_GOAL : null;
            Best reading = new Best(LlamaRows.READ_SHARE, "plain read", nanos.getLast(), goal);
            return withBytes(bytes, nanos, rows(rows, LlamaRows.DECODE, nanos, all, reading));
        }
    }

    private static List<Runnable> runs(Runnable whole, List<Part> parts) {
        List<Runnable> runs = new ArrayList<>(List.of(whole));
        parts.forEach(part -> runs.add(part.run()));
        return runs;
    }

    /**
     * The least that a whole could take.
     *
     * @param kind of the row that says how near it is
     */
    private record Best(
            String kind,
            String name,
            double[] nanos,
            @Nullable Double goal) {}

    /** Rows of the whole, of how near it is to the best, and of its parts. */
    private static List<BenchRow> rows(
            LlamaRows rows, String whole, List<double[]> nanos, List<Part> parts, Best best) {
        String norm = NormsPlan.label(NORM);
        double[] own = nanos.getFirst();
        List<BenchRow> all = new ArrayList<>();
        all.add(rows.time(whole, norm, own, null, null));
        all.add(rows.share(best.goal, best.kind, norm, own, best.name, best.nanos));
        all.addAll(rows.parts(whole, own, parts.stream().map(Part::name).toList(), nanos.subList(1, 1 + parts.size())));
        return all;
    }

    /** The rows of decode and of its goal with the speed at which the weights were read. */
    private static List<BenchRow> withBytes(long bytes, List<double[]> nanos, List<BenchRow> rows) {
        double speed = bytes / Samples.median(nanos.getFirst());
        double most = bytes / Samples.median(nanos.getLast());
        return rows.stream()
                .map(row -> row.what().endsWith(LlamaRows.PARTS + LlamaRows.DECODE) ? row : row.at(speed, most))
                .toList();
    }

    /** Logits (1, V) of the token after these (1, T). */
    private static void next(Llama model, Tensor tokens, KvCache cache) {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            Tensor hidden = model.hidden(tokens, cache); // (1, T, E)
            // A row of two dimensions: libtorch multiplies (1, 1, E) with T·E between its rows as a batch, 50 times as
            // slow.
            model.head(hidden.select(1, hidden.size(1) - 1)); // (1, V)
        }
    }

    /** Of the largest cache that Linux names; a guess where it names none. */
    private static long lastCacheBytes() {
        long largest = 0;
        for (int i = 0; i < 8; i++) {
            try {
                String size = Files.readString(Path.of("/sys/devices/system/cpu/cpu0/cache/index" + i + "/size"))
                        .strip();
                if (size.matches("\\d+[KM]")) {
                    long n = Long.parseLong(size.substring(0, size.length() - 1));
                    largest = Math.max(largest, size.endsWith("K") ? n << 10 : n << 20);
                }
            } catch (IOException e) {
                break; // no more caches, or not Linux
            }
        }
        return largest == 0 ? UNKNOWN_CACHE : largest;
    }

    private final class Prompt implements AutoCloseable {
        final Tensor ids;

        Prompt(int tokens) {
            ids = Scope.keep(LlamaPass.tokens(1, tokens, cut.config().vocabSize(), 0));
        }

        @Override
        public void close() {
            Scope.release(ids);
        }
    }
}
