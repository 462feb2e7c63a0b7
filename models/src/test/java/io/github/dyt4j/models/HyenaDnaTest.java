package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Site;
import io.github.dyt4j.torch.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HyenaDnaTest {
    private static final Map<String, Object> TINY = Map.of("d_model", 16, "l_max", 64);

    /**
     * The counts of the sizes, summed by hand from Poli et al. 2023 and the published configurations: a block has 4·D² + 16·D of projections
     * and short filters, 6·64 + 2·65·64 + 64 + 65·D of the filter, 8·D² + 5·D of the MLP and 4·D of norms. Schiff et al. 2024 give 436k for
     * the first (their table of the Genomic Benchmarks), Nguyen et al. 2023 0.44M, 3.3M and 6.6M (their table of the models).
     */
    @ParameterizedTest
    @CsvSource({
        "hyenadna_tiny_1k, 128, 2, 0.44",
        "hyenadna_small_32k, 256, 4, 3.3",
        "hyenadna_medium_160k, 256, 8, 6.6",
        "hyenadna_medium_450k, 256, 8, 6.6",
        "hyenadna_large_1m, 256, 8, 6.6",
        "hyenadna_caduceus, 256, 4, 3.3"
    })
    void countsAreThePublishedOnes(String name, long d, long layers, double millions) {
        long block = 12 * d * d + 25 * d + 6 * 64 + 2 * 65 * 64 + 64 + 65 * d;
        long expected = layers * block + 16 * d + 2 * d;
        long actual = Models.parameterCount(name, Map.of(), NormSpec.parse("layernorm"));
        assertThat(actual).isEqualTo(expected);
        assertThat(actual / 1e6).isCloseTo(millions, org.assertj.core.data.Offset.offset(0.05 * millions / 2));
        // One α a norm.
        assertThat(Models.parameterCount(name, Map.of(), NormSpec.parse("dyt"))).isEqualTo(expected + 2 * layers + 1);
    }

    @Test
    void namesAreTheAuthors() {
        List<String> names = List.copyOf(Models.config("hyenadna_tiny_1k", Map.of())
                .shapes(NormSpec.parse("layernorm"))
                .keySet());
        assertThat(names)
                .contains(
                        "backbone.embeddings.word_embeddings.weight",
                        "backbone.layers.0.mixer.in_proj.weight",
                        "backbone.layers.0.mixer.in_proj.bias",
                        "backbone.layers.0.mixer.out_proj.weight",
                        "backbone.layers.0.mixer.short_filter.weight",
                        "backbone.layers.0.mixer.filter_fn.bias",
                        "backbone.layers.0.mixer.filter_fn.implicit_filter.0.weight",
                        "backbone.layers.0.mixer.filter_fn.implicit_filter.1.freq",
                        "backbone.layers.0.mixer.filter_fn.implicit_filter.6.weight",
                        "backbone.layers.1.norm1.weight",
                        "backbone.layers.1.mlp.fc1.weight",
                        "backbone.layers.1.mlp.fc2.bias",
                        "backbone.layers.1.norm2.bias",
                        "backbone.ln_f.weight")
                .hasSize(1 + 2 * 23 + 2);
    }

    @Test
    void twoNormsABlockAndOneAtTheEndInTheOrderTheyAreReached() {
        try (Model model = Models.create("hyenadna_tiny_1k", TINY, NormSpec.parse("dyt"));
                var _ = new Scope()) {
            var sites = model.norms().sites();
            assertThat(sites.stream().map(s -> s.site()))
                    .containsExactly(Site.ATTENTION, Site.MLP, Site.ATTENTION, Site.MLP, Site.FINAL);
            List<String> seen = new java.util.ArrayList<>();
            model.norms().tap((norm, _) -> seen.add(norm.name()));
            Tensor _ = model.forward(tokens(new Random(1), 1, 9));
            assertThat(seen).isEqualTo(sites.stream().map(s -> s.name()).toList());
        }
    }

    @Test
    void startsAsTheAuthorsDo() {
        try (Model model = Models.create("hyenadna_tiny_1k", Map.of("n_layer", 4), NormSpec.parse("layernorm"))) {
            String layer = "backbone.layers.3.";
            assertThat(std(model, "backbone.embeddings.word_embeddings.weight")).isCloseTo(0.02, percent(5));
            assertThat(std(model, layer + "mixer.in_proj.weight")).isCloseTo(0.02, percent(3));
            assertThat(std(model, layer + "mlp.fc1.weight")).isCloseTo(0.02, percent(3));
            assertThat(std(model, layer + "mixer.out_proj.weight")).isCloseTo(0.02 / Math.sqrt(8), percent(3));
            assertThat(std(model, layer + "mlp.fc2.weight")).isCloseTo(0.02 / Math.sqrt(8), percent(3));
            assertThat(std(model, layer + "mixer.filter_fn.bias")).isCloseTo(1, percent(30));
            // U(−b, b) has the deviation b/√3, and b is 1/√3.
            assertThat(std(model, layer + "mixer.short_filter.weight")).isCloseTo(1 / 3.0, percent(5));
            assertThat(values(model, layer + "mixer.filter_fn.implicit_filter.1.freq"))
                    .containsOnly(10);
            assertThat(values(model, layer + "mixer.out_proj.bias")).containsOnly(0);
        }
    }

    private static org.assertj.core.data.Percentage percent(double p) {
        return org.assertj.core.data.Percentage.withPercentage(p);
    }

    private static double std(Model model, String name) {
        return Tensors.std(Objects.requireNonNull(model.parameters().state().get(name), name));
    }

    private static float[] values(Model model, String name) {
        return Tensors.floats(Objects.requireNonNull(model.parameters().state().get(name), name));
    }

    /**
     * A change at t moves nothing before t beyond the FFT's rounding, which reads all; it does move what comes from t on, to the end of the
     * sequence, since filters are as long as it: here as large as a trained model's, whose new ones are too small to show it.
     */
    @ParameterizedTest
    @ValueSource(strings = {"layernorm", "dyt"})
    void nothingBeforeAChangedBaseChanges(String spec) {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        int l = 50;
        try (Model model = HyenaDnaGoldenTest.filled(TINY, spec);
                var _ = new Scope();
                var _ = Grad.off()) {
            model.parameters().training(false);
            model.parameters().state().forEach((name, t) -> {
                if (name.endsWith("implicit_filter.6.weight")) {
                    t.mul_(new Scalar(20));
                }
            });
            long[] tokens = random.longs(l, Bases.A, Bases.N + 1).toArray();
            float[] before = logits(model, tokens);
            double largest = 0;
            for (float v : before) {
                largest = Math.max(largest, Math.abs(v));
            }
            for (int trial = 0; trial < 8; trial++) {
                int at = random.nextInt(l);
                long[] changed = tokens.clone();
                changed[at] = tokens[at] == Bases.A ? Bases.C : Bases.A;
                float[] after = logits(model, changed);
                String what = "seed " + seed + ", changed at " + at;
                assertThat(change(before, after, 0, at)).as(what).isLessThanOrEqualTo(1.5e-6 * largest);
                assertThat(change(before, after, at, at + 1)).as(what).isGreaterThan(1e-2 * largest);
                assertThat(change(before, after, l - 1, l))
                        .as(what + ", seen at the end")
                        .isGreaterThan(2e-5 * largest);
            }
        }
    }

    /** The largest change of a logit from one position to another. */
    private static double change(float[] a, float[] b, int from, int to) {
        double largest = 0;
        for (int i = from * Bases.PADDED_VOCABULARY; i < to * Bases.PADDED_VOCABULARY; i++) {
            largest = Math.max(largest, Math.abs(a[i] - b[i]));
        }
        return largest;
    }

    private static float[] logits(Model model, long[] tokens) {
        return Tensors.floats(model.forward(Tensors.of(tokens, 1, tokens.length)));
    }

    /** A shorter sequence is the beginning of a longer one, though the FFTs are of other lengths. */
    @Test
    void theLogitsOfAPrefixAreThoseOfTheWhole() {
        try (Model model = HyenaDnaGoldenTest.filled(TINY, "layernorm");
                var _ = new Scope();
                var _ = Grad.off()) {
            model.parameters().training(false);
            long[] tokens = new Random(7).longs(64, Bases.A, Bases.N + 1).toArray();
            float[] whole = logits(model, tokens);
            for (int l : new int[] {1, 2, 31}) {
                float[] prefix = logits(model, Arrays.copyOf(tokens, l));
                GoldenChecks.assertClose("L = " + l, prefix, Arrays.copyOf(whole, prefix.length), 0);
            }
        }
    }

    @Test
    void whatIsPaddingDoesNotWeighInTheMean() {
        Map<String, Object> classes = Map.of("d_model", 16, "l_max", 64, "head", "classes", "num_classes", 3);
        try (Model model = HyenaDnaGoldenTest.filled(classes, "dyt");
                var _ = new Scope();
                var _ = Grad.off()) {
            model.parameters().training(false);
            long[] tokens = new Random(8).longs(20, Bases.A, Bases.N + 1).toArray();
            float[] alone = logits(model, tokens);
            assertThat(alone).hasSize(3);
            // Padding behind the bases: the model is causal, and the mean leaves it out.
            long[] padded = Arrays.copyOf(tokens, 33);
            Arrays.fill(padded, 20, 33, Bases.PAD);
            GoldenChecks.assertClose("padded", logits(model, padded), alone, 0);
            Arrays.fill(padded, 0, 33, Bases.PAD);
            float[] nothing = logits(model, padded);
            assertThat(nothing).isEqualTo(values(model, "head.bias"));
        }
    }

    @Test
    void theBackboneIsTheSameBeneathBothHeads() {
        NormSpec norm = NormSpec.parse("dyt");
        var lm = Models.config("hyenadna_tiny_1k", TINY).shapes(norm);
        var classes = Models.config(
                        "hyenadna_tiny_1k", Map.of("d_model", 16, "l_max", 64, "head", "classes", "num_classes", 3))
                .shapes(norm);
        assertThat(classes.keySet()).containsAll(lm.keySet());
        classes.keySet().removeAll(lm.keySet());
        assertThat(classes.keySet()).containsExactly("head.weight", "head.bias");
    }

    @Test
    void dropoutIsOfTrainingAlone() {
        try (Model model = Models.create("hyenadna_tiny_1k", TINY, NormSpec.parse("dyt"));
                var _ = new Scope();
                var _ = Grad.off()) {
            Tensor tokens = tokens(new Random(2), 2, 30);
            torch.manual_seed(3);
            float[] first = Tensors.floats(model.forward(tokens));
            float[] second = Tensors.floats(model.forward(tokens));
            assertThat(second).isNotEqualTo(first);
            torch.manual_seed(3);
            assertThat(Tensors.floats(model.forward(tokens))).isEqualTo(first);
            model.parameters().training(false);
            assertThat(Tensors.floats(model.forward(tokens))).isEqualTo(Tensors.floats(model.forward(tokens)));
        }
    }

    @Test
    void foldedNormsGiveTheSameLogits() {
        for (String spec : new String[] {"layernorm", "dyt"}) {
            try (Model model = HyenaDnaGoldenTest.filled(TINY, spec);
                    var _ = new Scope();
                    var _ = Grad.off()) {
                model.parameters().training(false);
                Tensor tokens = tokens(new Random(4), 2, 30);
                float[] plain = Tensors.floats(model.forward(tokens));
                try (FoldedNorms folded = FoldedNorms.of(model)) {
                    assertThat(folded.norms()).hasSize(4);
                    GoldenChecks.assertClose(spec, Tensors.floats(model.forward(tokens)), plain, 0);
                }
            }
        }
    }

    @Test
    void decayLeavesTheFiltersAndTheEmbeddingAlone() {
        try (Model model = Models.create("hyenadna_tiny_1k", TINY, NormSpec.parse("dyt"))) {
            assertThat(model.withoutDecay())
                    .contains(
                            "backbone.embeddings.word_embeddings.weight",
                            "backbone.layers.1.mixer.filter_fn.implicit_filter.1.freq",
                            "backbone.layers.0.mixer.filter_fn.implicit_filter.6.weight")
                    .doesNotContain("backbone.layers.0.mixer.in_proj.weight")
                    .isSubsetOf(model.parameters().trainable().keySet());
        }
    }

    @Test
    void whatAModelCannotReadIsSaidInASentence() {
        try (Model model = Models.create("hyenadna_tiny_1k", TINY, NormSpec.parse("dyt"));
                var _ = new Scope()) {
            assertThatThrownBy(() -> model.forward(tokens(new Random(5), 1, 65)))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("65 tokens is longer than l_max 64")
                    .hasMessageContaining("l_max: 65");
            for (long wrong : new long[] {-1, 16}) {
                assertThatThrownBy(() -> model.forward(Tensors.of(new long[] {7, wrong}, 1, 2)))
                        .isInstanceOf(UserError.class)
                        .hasMessageContaining("numbers from 0 to 15");
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "emb_dim | 4 | must be 3, 5, 7",
                "emb_dim | 1 | must be 3, 5, 7",
                "l_max | 1 | must be at least 2",
                "sine_freq | 0 | must be positive",
                "dropout | 1 | not in [0, 1)",
                "head | classes | needs num_classes",
                "head | ctc | one of lm, classes",
                "num_classes | 3 | says nothing to head: lm",
                "d_state | 16 | has no 'd_state'",
                "d_model | 0 | a whole number of at least 1"
            })
    void whatDoesNotFitTogetherIsSaid(String key, String value, String message) {
        Object typed = value.matches("-?\\d+") ? Integer.valueOf(value) : value;
        assertThatThrownBy(() -> Models.config("hyenadna_tiny_1k", Map.of(key, typed)))
                .isInstanceOf(UserError.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @ValueSource(strings = {"batchnorm", "groupnorm"})
    void normsOverTokensAreRefused(String norm) {
        assertThatThrownBy(() -> Models.create("hyenadna_tiny_1k", TINY, NormSpec.parse(norm)))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("depend on");
    }

    private static Tensor tokens(Random random, int batch, int length) {
        return Tensors.of(
                random.longs((long) batch * length, Bases.A, Bases.N + 1).toArray(), batch, length);
    }
}
