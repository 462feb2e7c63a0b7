package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.models.GumbelQuantizer.Quantised;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.torch.TorchRuntime;
import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The contrastive loss and the quantiser against plain loops over their formulas, in double. */
class ContrastiveLossTest {
    private static final int M = 6;
    private static final int D = 5;
    private static final int K = 4;

    @Test
    void theLossIsItsFormula() {
        float[] c = floats("c");
        float[] q = floats("q");
        long[] codes = {0, 1, 2, 1, 4, 5}; // 1 and 3 are the same entries
        long[] negatives = {1, 2, 3, 4, 3, 0, 2, 3, 0, 0, 1, 5, 1, 1, 1, 1, 5, 3, 2, 1, 4, 3, 1, 0};
        double expected = 0;
        int correct = 0;
        for (int t = 0; t < M; t++) {
            double own = cosine(c, t, q, t) / 0.1;
            double sum = Math.exp(own);
            boolean best = true;
            int left = 0;
            for (int k = 0; k < K; k++) {
                int n = (int) negatives[t * K + k];
                if (codes[n] != codes[t]) {
                    double other = cosine(c, t, q, n) / 0.1;
                    sum += Math.exp(other);
                    best &= own > other;
                    left++;
                }
            }
            expected -= own - Math.log(sum);
            correct += best && left > 0 ? 1 : 0;
        }
        try (var _ = new Scope()) {
            ContrastiveLoss loss = ContrastiveLoss.of(
                    Tensors.of(c, M, D), Tensors.of(q, M, D), Tensors.of(codes, M), Tensors.of(negatives, M, K), 0.1);
            assertThat(loss.sum().item_double()).isCloseTo(expected, within(1e-5 * expected));
            assertThat(loss.correct()).isEqualTo(correct);
        }
        assertThat(correct).isBetween(1, M - 1);
    }

    @Test
    void aTargetWithoutAnyOtherCandidateIsNoSuccessAndCostsNothing() {
        long[] same = {3, 3};
        try (var _ = new Scope()) {
            Tensor v = Fill.input("v", 2, D);
            ContrastiveLoss loss =
                    ContrastiveLoss.of(v, v, Tensors.of(same, 2), Tensors.of(new long[] {1, 1, 0, 0}, 2, 2), 0.1);
            assertThat(loss.sum().item_double()).isZero();
            assertThat(loss.correct()).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.1, 2})
    void aQuantisedVectorIsTheEntriesThatWereTaken(double temperature) {
        TorchRuntime.seed(5);
        try (var _ = new Scope();
                Parameters p = Parameters.root()) {
            var quantizer = new GumbelQuantizer(p, new GumbelQuantizer.Config(2, 4, 6), 3);
            Tensor x = Fill.input("x", 50, 3);
            Quantised trained = quantizer.forward(x, temperature, null);
            requireEntries(trained, p);
            p.training(false);
            Quantised judged = quantizer.forward(x, temperature, null);
            requireEntries(judged, p);
            assertThat(Tensors.longs(judged.codes())).isNotEqualTo(Tensors.longs(trained.codes()));
            assertThat(Tensors.longs(quantizer.forward(x, temperature, null).codes()))
                    .isEqualTo(Tensors.longs(judged.codes()));

            double[] perplexity = {0, 0};
            double[][] mean = means(Tensors.floats(logits(x, p)));
            for (int g = 0; g < 2; g++) {
                double soft = 0;
                double hard = 0;
                for (int v = 0; v < 4; v++) {
                    soft -= mean[g][v] * Math.log(mean[g][v]);
                    hard -= mean[2 + g][v] == 0 ? 0 : mean[2 + g][v] * Math.log(mean[2 + g][v]);
                }
                perplexity[0] += Math.exp(soft);
                perplexity[1] += Math.exp(hard);
            }
            assertThat(trained.perplexity().item_double()).isCloseTo(perplexity[0], within(1e-5));
            assertThat(trained.codePerplexity().item_double()).isCloseTo(perplexity[1], within(1e-5));
            assertThat(perplexity[0]).isBetween(2.0, 8.0);
        }
    }

    /** Noise of a given frame decides its entry, and p = softmax((l + n)/τ) its gradient. */
    @Test
    void theGradientIsThatOfTheSoftChoice() {
        double temperature = 0.7;
        try (var _ = new Scope();
                Parameters p = Parameters.root()) {
            var quantizer = new GumbelQuantizer(p, new GumbelQuantizer.Config(2, 4, 6), 3);
            Tensor x = Fill.input("x", 8, 3);
            Tensor noise = Fill.input("noise", 8, 2, 4);
            Tensor weight = Fill.input("weight", 8, 6);
            quantizer.forward(x, temperature, noise).vectors().mul(weight).sum().backward();
            Tensor map = Objects.requireNonNull(p.trainable().get("weight_proj.bias"));
            float[] straight = Tensors.floats(map.grad());
            p.zeroGrad();
            Tensor soft = logits(x, p)
                    .view(8, 2, 4)
                    .add(noise)
                    .mul(new Scalar(1 / temperature))
                    .softmax(-1);
            Tensor books =
                    Objects.requireNonNull(p.trainable().get("codevectors")).view(2, 4, 3);
            soft.transpose(0, 1)
                    .matmul(books)
                    .transpose(0, 1)
                    .reshape(8, 6)
                    .mul(weight)
                    .sum()
                    .backward();
            GoldenChecks.assertClose("bias", straight, Tensors.floats(map.grad()), 0);
            assertThat(GoldenChecks.norm(straight)).isGreaterThan(1e-3);
        }
    }

    @Test
    void entriesThatNobodyTakesLeaveAFiniteGradient() {
        try (var _ = new Scope();
                Parameters p = Parameters.root()) {
            var quantizer = new GumbelQuantizer(p, new GumbelQuantizer.Config(1, 3, 2), 1);
            Tensor bias = Objects.requireNonNull(p.trainable().get("weight_proj.bias"));
            try (var _ = Grad.off()) {
                bias.select(0, 0).fill_(new Scalar(500)); // the others' softmax is 0 in f32
            }
            Quantised q = quantizer.forward(Fill.input("x", 4, 1), 2, null);
            assertThat(q.perplexity().item_double()).isCloseTo(1, within(1e-6));
            q.perplexity().backward();
            for (float g : Tensors.floats(bias.grad())) {
                assertThat(g).isFinite();
            }
        }
    }

    private static Tensor logits(Tensor x, Parameters p) {
        return torch.linear(
                x,
                Objects.requireNonNull(p.trainable().get("weight_proj.weight")),
                Objects.requireNonNull(p.trainable().get("weight_proj.bias")));
    }

    /** By group the mean of the softmax, then by group how often each is the largest, of 50 vectors of (2, 4) logits. */
    private static double[][] means(float[] logits) {
        double[][] mean = new double[4][4];
        for (int row = 0; row < 100; row++) {
            double sum = 0;
            int best = 0;
            for (int v = 0; v < 4; v++) {
                sum += Math.exp(logits[row * 4 + v]);
                best = logits[row * 4 + v] > logits[row * 4 + best] ? v : best;
            }
            for (int v = 0; v < 4; v++) {
                mean[row % 2][v] += Math.exp(logits[row * 4 + v]) / sum / 50;
            }
            mean[2 + row % 2][best] += 1 / 50.0;
        }
        return mean;
    }

    private static void requireEntries(Quantised q, Parameters p) {
        float[] books = Tensors.floats(Objects.requireNonNull(p.trainable().get("codevectors"))); // (1, 8, 3)
        float[] vectors = Tensors.floats(q.vectors());
        long[] codes = Tensors.longs(q.codes());
        for (int m = 0; m < codes.length; m++) {
            int[] entry = {(int) (codes[m] / 4), (int) (codes[m] % 4)};
            for (int g = 0; g < 2; g++) {
                for (int d = 0; d < 3; d++) {
                    assertThat(vectors[m * 6 + g * 3 + d]).isEqualTo(books[(g * 4 + entry[g]) * 3 + d]);
                }
            }
        }
    }

    private static float[] floats(String name) {
        try (var _ = new Scope()) {
            return Tensors.floats(Fill.input(name, M, D));
        }
    }

    private static double cosine(float[] a, int i, float[] b, int j) {
        double dot = 0;
        double aa = 0;
        double bb = 0;
        for (int d = 0; d < D; d++) {
            dot += (double) a[i * D + d] * b[j * D + d];
            aa += (double) a[i * D + d] * a[i * D + d];
            bb += (double) b[j * D + d] * b[j * D + d];
        }
        return dot / Math.sqrt(aa * bb);
    }
}
