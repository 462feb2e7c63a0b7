package io.github.dyt4j.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.lab.bench.LlamaPlan.Topic;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The whole bench on a model of nothing: what it gives, not how fast that is. */
final class LlamaBenchTest {
    private static final Map<String, Object> SMALL = Map.of(
            "hidden_size",
            16,
            "intermediate_size",
            24,
            "num_attention_heads",
            4,
            "num_key_value_heads",
            2,
            "vocab_size",
            32);

    private static BenchResult run(Dtype dtype, Set<Topic> topics, Map<String, Object> arguments) throws IOException {
        List<String> notes = new ArrayList<>();
        LlamaPlan plan = new LlamaPlan(
                "llama_mini",
                arguments,
                LlamaPlan.NORMS,
                2,
                8,
                2,
                dtype,
                topics,
                2,
                0.01,
                LlamaPlan.Step.of(null, "2x8", "llama_mini", arguments),
                "bench llama");
        BenchResult result = LlamaBench.run(plan, notes::add);
        assertThat(notes).isNotEmpty();
        assertThat(result.rows()).allSatisfy(row -> {
            assertThat(LlamaRows.kind(row)).isNotNull();
            assertThat(row.p10()).isLessThanOrEqualTo(row.nsPerElement());
            assertThat(row.p90()).isGreaterThanOrEqualTo(row.nsPerElement());
        });
        return result;
    }

    private static List<BenchRow> rows(BenchResult result, String kind) {
        return result.rows().stream()
                .filter(r -> kind.equals(LlamaRows.kind(r)))
                .toList();
    }

    @ParameterizedTest
    @EnumSource(Dtype.class)
    void everyNormHasAPassACostAndAShare(Dtype dtype) throws IOException {
        BenchResult result = run(dtype, Set.of(Topic.INFERENCE, Topic.TRAINING), SMALL);
        for (String pass : List.of("inference", "training")) {
            assertThat(rows(result, pass))
                    .extracting(BenchRow::norm)
                    .containsExactly(
                            "identity",
                            "rmsnorm(kernel=libtorch)",
                            "rmsnorm(kernel=fused)",
                            "dyt(kernel=eager)",
                            "dyt");
            assertThat(rows(result, pass)).allSatisfy(row -> {
                assertThat(row.what()).startsWith("llama_mini, 2 of 4 layers of the true width, 2 x 8 tokens: ");
                assertThat(row.rows()).isEqualTo(16);
                assertThat(row.nsPerElement()).isPositive();
                assertThat(row.dtype()).isEqualTo(dtype == Dtype.F32 ? "f32" : "bf16");
            });
            assertThat(rows(result, "norms in " + pass)).hasSize(4);
            assertThat(rows(result, "share of norms in " + pass)).hasSize(4);
            assertThat(rows(result, "norms in " + pass + ", scaled to all 9")).hasSize(4);
            assertThat(rows(result, pass + ", DyT against RMSNorm")).hasSize(2);
            assertThat(rows(result, "norms alone in " + pass))
                    .hasSize(4)
                    .allSatisfy(row -> assertThat(row.ratio()).isPositive());
        }
        assertThat(result.environment().get(LlamaBench.CUTS))
                .asString()
                .contains("inference={model=llama_mini, layers=2, layersOfTheModel=4, batch=2, tokens=8");
        assertThat(result.environment()).containsKeys("command", "kernels", LlamaBench.PEAK);
    }

    /** Alone, so that no other norm's model is there: a pass of it gives the model's own loss. */
    @Test
    void aPassIsTheModelsCrossEntropy() {
        try (SharedWeights weights = new SharedWeights(Dtype.F32);
                var model = LlamaPlan.config("llama_mini", SMALL).create(LlamaPlan.IDENTITY, weights.root());
                LlamaPass pass = new LlamaPass(model, 2, 8);
                var _ = new Scope();
                var _ = Grad.off()) {
            float[] logits = Tensors.floats(model.forward(LlamaPass.tokens(2, 8, 32, 0)));
            long[] labels = Tensors.longs(LlamaPass.tokens(2, 8, 32, 1));
            double sum = 0;
            for (int i = 0; i < labels.length; i++) {
                double total = 0;
                for (int v = 0; v < 32; v++) {
                    total += Math.exp(logits[32 * i + v]);
                }
                sum += Math.log(total) - logits[32 * i + (int) labels[i]];
            }
            assertThat(pass.loss().item_double()).isCloseTo(sum / 16, within(1e-5));
        }
    }

    @Test
    void generationIsHeldAgainstItsProductsAndAPlainRead() throws IOException {
        BenchResult result = run(Dtype.BF16, Set.of(Topic.PREFILL, Topic.DECODE), SMALL);
        BenchRow prefill = rows(result, LlamaRows.PRODUCTS_SHARE).getFirst();
        assertThat(prefill.goal()).isEqualTo(0.8);
        assertThat(prefill.rows()).as("one sequence").isEqualTo(8);
        assertThat(prefill.reached()).isEqualTo(Objects.requireNonNull(prefill.value()) >= 0.8);
        BenchRow read = rows(result, LlamaRows.READ_SHARE).getFirst();
        assertThat(read.goal()).as("these weights fit every cache").isNull();
        assertThat(read.value()).isPositive();
        assertThat(read.gbPerSecond()).isPositive();
        for (String whole : List.of(LlamaRows.PREFILL, LlamaRows.DECODE)) {
            List<BenchRow> parts = rows(result, LlamaRows.PARTS + whole);
            assertThat(parts)
                    .extracting(BenchRow::norm)
                    .containsExactly("matrix products", "attention", "norms", "rope", "elementwise", "the rest");
            assertThat(rows(result, whole)).hasSize(1);
        }
        assertThat(LlamaTable.of(result.rows())).hasSize(2);
        assertThat(result.rows().stream().filter(r -> !LlamaTable.tells(r))).hasSize(2);
    }

    @Test
    void aTiedHeadIsOneOfTheProducts() throws IOException {
        Map<String, Object> tied = new HashMap<>(SMALL);
        tied.put("tie_word_embeddings", "true");
        var own = LlamaPlan.config("llama_mini", SMALL);
        assertThat(LlamaParts.weights(LlamaPlan.config("llama_mini", tied))).isEqualTo(LlamaParts.weights(own));
        assertThat(rows(run(Dtype.F32, Set.of(Topic.DECODE), tied), LlamaRows.DECODE))
                .hasSize(1);
    }

    @Test
    void aStepIsHeldAgainstItsProductsInBothDtypes() throws IOException {
        BenchResult result = run(Dtype.BF16, Set.of(Topic.STEP), SMALL);
        assertThat(rows(result, LlamaRows.STEP_OVER_PRODUCTS))
                .hasSize(2)
                .allSatisfy(row -> assertThat(row.goal()).isEqualTo(1.6))
                .extracting(BenchRow::dtype)
                .containsExactly("bf16 autocast", "f32");
        assertThat(rows(result, LlamaRows.PARTS + LlamaRows.STEP))
                .extracting(BenchRow::norm)
                .contains(
                        "matrix products",
                        "attention with rope",
                        "loss",
                        "embedding",
                        "casts of autocast",
                        "AdamW",
                        "clipping");
    }

    @Test
    void checkpointingRunsInProcessesOfItsOwn() throws IOException {
        BenchResult result = run(Dtype.F32, Set.of(Topic.CHECKPOINTING), SMALL);
        List<BenchRow> rows = rows(result, LlamaRows.CHECKPOINTING);
        assertThat(rows)
                .extracting(BenchRow::norm)
                .containsExactly(LlamaCheckpointing.WITHOUT, LlamaCheckpointing.WITH);
        assertThat(rows).allSatisfy(row -> assertThat(row.peakBytes()).isGreaterThan(10L << 20));
        assertThat(rows.get(1).ratio()).isPositive();
    }

    @Test
    void aPlainReadReadsEveryByte() {
        for (long bytes : new long[] {2, 256, 1001, 1 << 20, 5 << 20}) {
            try (PlainRead read = new PlainRead(bytes, 2 << 20, 2)) {
                read.run();
                assertThat(read.bytes()).isEqualTo(bytes / 2 * 2);
            }
        }
    }
}
