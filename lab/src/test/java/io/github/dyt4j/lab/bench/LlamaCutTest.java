package io.github.dyt4j.lab.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.models.Models;
import io.github.dyt4j.torch.NormSpec;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How much of a model is built: nothing is. */
final class LlamaCutTest {
    private static final long HUGE = Long.MAX_VALUE;
    private static final double ENDLESS = 1e30;

    static LlamaPlan plan(
            String model, @Nullable Integer layers, @Nullable Integer tokens, int batch, Dtype dtype, double seconds) {
        return new LlamaPlan(
                model,
                Map.of(),
                LlamaPlan.NORMS,
                layers,
                tokens,
                batch,
                dtype,
                EnumSet.allOf(LlamaPlan.Topic.class),
                2,
                seconds,
                LlamaPlan.Step.of(null, null, model, Map.of()),
                "bench llama");
    }

    private static LlamaPlan plan(@Nullable Integer layers, @Nullable Integer tokens) {
        return plan("llama_7b", layers, tokens, 1, Dtype.BF16, 60);
    }

    @Test
    void withoutLimitsItIsThePapers() {
        LlamaCut cut = LlamaCut.of(plan(null, null), true, () -> ENDLESS, HUGE);
        assertThat(cut.layers()).isEqualTo(32);
        assertThat(cut.tokens()).isEqualTo(4096);
        assertThat(cut.norms()).isEqualTo(65);
        assertThat(cut.scope()).isEqualTo("llama_7b, 1 x 4096 tokens");
    }

    @Test
    void fewerLayersComeBeforeFewerTokens() {
        double twoLayers = LlamaCut.of(plan(2, 4096), false, () -> 0, HUGE).flops();
        // A pass of five norms in twelve rounds within 60 s: one second each.
        LlamaCut cut = LlamaCut.of(plan(null, null), false, () -> 1.001 * twoLayers, HUGE);
        assertThat(cut.layers()).isEqualTo(2);
        assertThat(cut.tokens()).isEqualTo(4096);
        assertThat(cut.scope()).isEqualTo("llama_7b, 2 of 32 layers of the true width, 1 x 4096 tokens");
        assertThat(cut.config().hiddenSize()).isEqualTo(4096);
        LlamaCut less = LlamaCut.of(plan(null, null), false, () -> 0.999 * twoLayers, HUGE);
        assertThat(less.tokens()).isEqualTo(2048);
        assertThat(less.layers()).as("half the tokens leave time for more").isGreaterThan(2);
        assertThat(less.flops()).isLessThanOrEqualTo(twoLayers);
    }

    @Test
    void withoutTimeOneLayerOfFewTokensIsLeft() {
        LlamaCut cut = LlamaCut.of(plan(null, null), true, () -> 1, HUGE);
        assertThat(cut.layers()).isEqualTo(1);
        assertThat(cut.tokens()).isEqualTo(128);
        // What was asked for is kept whatever it takes, and the rest gives way.
        assertThat(LlamaCut.of(plan(null, 4096), true, () -> 1, HUGE).layers()).isEqualTo(1);
        assertThat(LlamaCut.of(plan(3, null), true, () -> 1, HUGE).layers()).isEqualTo(3);
    }

    @Test
    void memoryCutsLayers() {
        long three = LlamaCut.of(plan(3, 1024), true, () -> 0, HUGE).bytes();
        assertThat(LlamaCut.of(plan(null, 1024), true, () -> ENDLESS, three).layers())
                .isEqualTo(3);
        assertThat(LlamaCut.of(plan(null, 1024), false, () -> ENDLESS, three).layers())
                .as("inference has no gradients and keeps no activations")
                .isGreaterThan(6);
    }

    @Test
    void bytesAreThoseOfTheWeightsTheirGradientsAndActivations() {
        long parameters = Models.parameterCount("llama_7b", Map.of(), LlamaPlan.IDENTITY);
        LlamaCut cut = LlamaCut.of(plan(32, 1), false, () -> 0, HUGE);
        assertThat(cut.bytes() - 2 * parameters).isBetween(0L, 10L << 20);
        LlamaCut training = LlamaCut.of(plan(32, 1), true, () -> 0, HUGE);
        assertThat(training.bytes() - 4 * parameters).isBetween(0L, 20L << 20);
        LlamaCut f32 = LlamaCut.of(plan("llama_7b", 32, 1, 1, Dtype.F32, 60), false, () -> 0, HUGE);
        assertThat(f32.bytes() - 4 * parameters).isBetween(0L, 10L << 20);
        // The logits of one token more, in f32 thrice, and the activations of one block.
        LlamaCut two = LlamaCut.of(plan("llama_7b", 32, 1, 2, Dtype.BF16, 60), false, () -> 0, HUGE);
        assertThat(two.bytes() - cut.bytes()).isEqualTo(12L * 32000 + 2L * (12 * 4096 + 5 * 11008));
    }

    @Test
    void operationsAreTwoAWeightAndTokenAndAttentions() {
        LlamaCut cut = LlamaCut.of(plan(1, 10), false, () -> 0, HUGE);
        double weights = 4.0 * 4096 * 4096 + 3.0 * 4096 * 11008 + 32000.0 * 4096;
        assertThat(LlamaParts.weights(cut.config())).isEqualTo((long) weights);
        assertThat(cut.flops()).isEqualTo(20 * weights + 2 * 100 * 4096);
        assertThat(LlamaCut.of(plan(1, 10), true, () -> 0, HUGE).flops()).isEqualTo(3 * cut.flops());
    }

    @Test
    void whatDoesNotFitIsRefusedWithItsNeed() {
        assertThatThrownBy(() -> LlamaCut.of(plan(null, null), true, () -> ENDLESS, 1_000_000_000))
                .isInstanceOf(UserError.class)
                .hasMessageContaining(
                        "llama_7b does not fit: training 1 layer on 1 x 128 tokens in bf16 needs at least 1.");
        assertThatThrownBy(() -> LlamaCut.of(plan(32, 4096), false, () -> ENDLESS, 10_000_000_000L))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("32 layers on 1 x 4096 tokens");
        assertThatThrownBy(() -> LlamaCut.probe(plan(null, null), false, 1000)).isInstanceOf(UserError.class);
    }

    @ParameterizedTest
    @ValueSource(strings = {"llama_70b", "llama3_8b", "llama_100m", "llama_mini"})
    void everySizeFitsThisMachineInPart(String size) {
        LlamaCut cut = LlamaCut.of(plan(size, null, null, 1, Dtype.BF16, 60), true, () -> 1e12, 8_000_000_000L);
        assertThat(cut.layers()).isPositive();
        assertThat(cut.bytes()).isLessThanOrEqualTo(8_000_000_000L);
    }

    @Test
    void aStepThatDoesNotFitIsRefused() {
        LlamaPlan.Step step = LlamaPlan.Step.of("7b", null, "llama_7b", Map.of());
        assertThatThrownBy(() -> step.requireMemory(20_000_000_000L))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("llama_7b needs at least 121.3 GB");
        assertThat(LlamaPlan.Step.of(null, null, "llama_7b", Map.of()))
                .isEqualTo(new LlamaPlan.Step("llama_100m", Map.of(), 4, 256));
        assertThat(LlamaPlan.Step.of(null, "3x64", "llama_mini", Map.of()))
                .isEqualTo(new LlamaPlan.Step("llama_mini", Map.of(), 3, 64));
    }

    @Test
    void identityIsAlwaysFirst() {
        assertThat(plan(null, null).norms().getFirst()).isEqualTo(LlamaPlan.IDENTITY);
        LlamaPlan one = new LlamaPlan(
                "llama_mini",
                LlamaPlan.arguments(List.of("rope_theta=5e5", "num_hidden_layers=2", "tie_word_embeddings=true")),
                List.of(NormSpec.parse("dyt")),
                null,
                null,
                1,
                Dtype.F32,
                Set.of(),
                1,
                1,
                LlamaPlan.Step.of(null, null, "llama_mini", Map.of()),
                "");
        assertThat(one.norms()).extracting(Object::toString).containsExactly("identity", "dyt");
        assertThat(one.config().ropeTheta()).isEqualTo(5e5);
        assertThat(one.config().tieWordEmbeddings()).isTrue();
    }
}
