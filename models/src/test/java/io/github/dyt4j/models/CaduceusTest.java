package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.torch.TorchRuntime;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import org.bytedeco.pytorch.GeneratorOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What Caduceus promises: equivariance (PS), invariance of its classifiers, and that it sees both ways. */
class CaduceusTest {
    private static final int LENGTH = 48;
    private static final int V = Bases.PADDED_VOCABULARY;

    @ParameterizedTest
    @ValueSource(strings = {"rmsnorm", "dyt", "layernorm", "dyt(init=calibrated)"})
    void psIsEquivariant(String norm) {
        long seed = ThreadLocalRandom.current().nextLong();
        assertThat(unequivariance(true, norm, seed)).as("seed " + seed).isLessThan(1e-5);
    }

    /** What the test above measures is there to be found: Ph has it. */
    @ParameterizedTest
    @ValueSource(strings = {"rmsnorm", "dyt"})
    void phIsNot(String norm) {
        long seed = ThreadLocalRandom.current().nextLong();
        assertThat(unequivariance(false, norm, seed)).as("seed " + seed).isGreaterThan(1e-2);
    }

    /** ‖f(RC(x)) − RC(f(x))‖ / ‖f(x)‖ of random weights and bases; the reverse complement of logits is taken here, from its definition. */
    private static double unequivariance(boolean rcps, String norm, long seed) {
        Random random = new Random(seed);
        try (Model model = random(Map.of("rcps", rcps), norm, seed);
                var _ = new Scope();
                var _ = Grad.off()) {
            long[] x = bases(random, LENGTH);
            model.norms().calibrateNew(() -> logits(model, x));
            float[] forward = logits(model, x);
            float[] backward = logits(model, reverseComplement(x));
            float[] turned = new float[forward.length];
            for (int t = 0; t < LENGTH; t++) {
                for (int v = 0; v < V; v++) {
                    turned[(LENGTH - 1 - t) * V + Bases.complement(v)] = forward[t * V + v];
                }
            }
            return GoldenChecks.distance(backward, turned) / GoldenChecks.norm(forward);
        }
    }

    /** PS always, Ph under evaluation; padding follows either strand. */
    @ParameterizedTest
    @CsvSource({"true, rmsnorm, 0", "true, dyt, 0", "true, dyt, 5", "false, rmsnorm, 0", "false, dyt, 5"})
    void classifiersDoNotSeeWhichStrandItIs(boolean rcps, String norm, int padding) {
        long seed = ThreadLocalRandom.current().nextLong();
        Random random = new Random(seed);
        try (Model model = random(Map.of("rcps", rcps, "head", "classes", "num_classes", 4), norm, seed);
                var _ = new Scope();
                var _ = Grad.off()) {
            model.parameters().training(rcps);
            long[] x = bases(random, LENGTH);
            float[] forward = logits(model, pad(x, padding));
            float[] backward = logits(model, pad(reverseComplement(x), padding));
            assertThat(GoldenChecks.distance(backward, forward))
                    .as("seed " + seed)
                    .isLessThan(1e-5 * GoldenChecks.norm(forward));
            float[] other = logits(model, pad(bases(random, LENGTH), padding));
            assertThat(GoldenChecks.distance(other, forward))
                    .as("seed " + seed)
                    .isGreaterThan(1e-4 * GoldenChecks.norm(forward));
            if (!rcps) {
                model.parameters().training(true);
                assertThat(GoldenChecks.distance(
                                logits(model, pad(x, padding)), logits(model, pad(reverseComplement(x), padding))))
                        .as("in training, seed " + seed)
                        .isGreaterThan(1e-4 * GoldenChecks.norm(forward));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aBaseIsSeenFromBothSides(boolean rcps) {
        long seed = ThreadLocalRandom.current().nextLong();
        Random random = new Random(seed);
        try (Model model = random(Map.of("rcps", rcps), "dyt", seed);
                var _ = new Scope();
                var _ = Grad.off()) {
            long[] x = bases(random, LENGTH);
            float[] before = logits(model, x);
            x[LENGTH / 2] = x[LENGTH / 2] == Bases.A ? Bases.C : Bases.A;
            float[] after = logits(model, x);
            for (int t : new int[] {LENGTH / 2 - 5, LENGTH / 2 + 5}) {
                assertThat(Arrays.copyOfRange(after, t * V, t * V + V))
                        .as("place " + t + ", seed " + seed)
                        .isNotEqualTo(Arrays.copyOfRange(before, t * V, t * V + V));
            }
        }
    }

    @Test
    void oneDirectionIsCausal() {
        long seed = ThreadLocalRandom.current().nextLong();
        TorchRuntime.seed(seed);
        int inner = 6;
        try (Parameters parameters = Parameters.root();
                var _ = new Scope();
                var _ = Grad.off()) {
            MambaDirection mamba = new MambaDirection(parameters, inner, 2, 4, 4);
            Tensor x = Tensors.empty(1, LENGTH, inner).normal_(0, 1, new GeneratorOptional());
            float[] before = Tensors.floats(mamba.forward(x));
            x.narrow(1, 20, 1).add_(new Scalar(1));
            float[] after = Tensors.floats(mamba.forward(x));
            assertThat(Arrays.copyOf(after, 20 * inner))
                    .as("seed " + seed)
                    .isEqualTo(Arrays.copyOf(before, 20 * inner));
            for (int t = 20; t < 26; t++) { // through the convolution, and past its reach through the states
                assertThat(Arrays.copyOfRange(after, t * inner, (t + 1) * inner))
                        .as("place " + t + ", seed " + seed)
                        .isNotEqualTo(Arrays.copyOfRange(before, t * inner, (t + 1) * inner));
            }
        }
    }

    @Test
    void mambaStartsAsItsAuthorsSay() {
        TorchRuntime.seed(3);
        try (Parameters p = Parameters.root()) {
            int inner = 64;
            var _ = new MambaDirection(p, inner, 2, 4, 4);
            float[] aLog = values(p, "A_log");
            for (int i = 0; i < aLog.length; i++) {
                assertThat(aLog[i]).isEqualTo((float) Math.log(1 + i % 4));
            }
            assertThat(values(p, "D")).containsOnly(1);
            double least = 1;
            double most = 0;
            for (float b : values(p, "dt_proj.bias")) {
                double dt = Math.log1p(Math.exp(b));
                least = Math.min(least, dt);
                most = Math.max(most, dt);
            }
            // 64 draws, even in the logarithm between 0.001 and 0.1: all above 0.002, or all below 0.05, has a chance
            // of 1e-4.
            assertThat(least).isBetween(0.99e-3, 2e-3);
            assertThat(most).isBetween(0.05, 0.101);
        }
    }

    @Test
    void decayLeavesStatesAndEmbeddingAlone() {
        for (String name : List.of("caduceus_ph_1k", "caduceus_ps_1k")) {
            try (Model model = Models.create(name, Map.of("d_model", 8, "n_layer", 2), NormSpec.parse("dyt"))) {
                assertThat(model.withoutDecay()).hasSize(2 * 2 + 1);
                assertThat(model.parameters().trainable().keySet()).containsAll(model.withoutDecay());
            }
        }
    }

    @Test
    void foldedNormsGiveTheSameLogits() {
        for (String spec : List.of("rmsnorm", "dyt")) {
            for (int classes : new int[] {0, 3}) {
                try (Caduceus model = CaduceusGoldenTest.filled("ps", classes, spec);
                        var _ = new Scope();
                        var _ = Grad.off()) {
                    model.parameters().training(false);
                    float[] plain = Tensors.floats(model.forward(CaduceusGoldenTest.padded()));
                    try (FoldedNorms folded = FoldedNorms.of(model)) {
                        assertThat(folded.norms()).hasSize(classes == 0 ? 2 : 3);
                        GoldenChecks.assertClose(
                                spec, Tensors.floats(model.forward(CaduceusGoldenTest.padded())), plain, 0);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "d_model | 0 | at least 1",
                "rcps | perhaps | must be true or false",
                "head | ctc | must be one of lm, classes",
                "head | classes | needs num_classes",
                "num_classes | 3 | say head: classes too",
                "d_inner | 32 | has no 'd_inner'",
                "n_layers | 2 | 'n_layer'"
            })
    void whatDoesNotFitTogetherIsSaid(String key, String value, String message) {
        Object typed = value.matches("-?\\d+") ? Integer.valueOf(value) : value;
        assertThatThrownBy(() -> Models.config("caduceus_ph_1k", Map.of(key, typed)))
                .isInstanceOf(UserError.class)
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource({"batchnorm", "groupnorm"})
    void normsOverOtherBasesAreRefused(String norm) {
        assertThatThrownBy(() -> Models.create("caduceus_ps_1k", Map.of(), NormSpec.parse(norm)))
                .isInstanceOf(UserError.class)
                .hasMessageContaining("norm '" + norm);
    }

    @Test
    void aSequenceThatIsTooLongIsSaid() {
        try (Model model = random(Map.of("l_max", 16), "dyt", 1);
                var _ = new Scope()) {
            assertThatThrownBy(() -> logits(model, new long[17]))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("17 bases")
                    .hasMessageContaining("l_max 16");
        }
    }

    private static Model random(Map<String, Object> arguments, String norm, long seed) {
        Map<String, Object> all = new HashMap<>(Map.of("d_model", 20, "n_layer", 3, "d_state", 5, "l_max", LENGTH + 5));
        all.putAll(arguments);
        TorchRuntime.seed(seed);
        Model model = Models.create("caduceus_ph_1k", all, NormSpec.parse(norm));
        model.parameters().trainable().forEach((name, p) -> {
            if (name.contains("embedding")) { // of 0.02 DyT would be nearly linear
                try (var _ = new Scope();
                        var _ = Grad.off()) {
                    p.normal_(0, 1, new GeneratorOptional());
                }
            }
        });
        return model;
    }

    private static float[] logits(Model model, long[] x) {
        return Tensors.floats(model.forward(Tensors.of(x, 1, x.length)));
    }

    private static long[] bases(Random random, int n) {
        return random.longs(n, Bases.A, Bases.N + 1).toArray();
    }

    private static long[] pad(long[] x, int padding) {
        long[] padded = Arrays.copyOf(x, x.length + padding);
        Arrays.fill(padded, x.length, padded.length, Bases.PAD);
        return padded;
    }

    private static long[] reverseComplement(long[] x) {
        long[] other = new long[x.length];
        for (int t = 0; t < x.length; t++) {
            other[x.length - 1 - t] = Bases.complement((int) x[t]);
        }
        return other;
    }

    private static float[] values(Parameters p, String name) {
        return Tensors.floats(Objects.requireNonNull(p.state().get(name), name));
    }
}
