package io.github.dyt4j.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The FFT's values and gradients against the sum of the definition and its derivatives, added up in f64; causality; the transforms' lengths. */
class LongConvolutionTest {
    private record Case(int b, int c, int l, float[] u, float[] k, float[] d, float[] dy) {
        static Case random(long seed, int b, int c, int l) {
            Random random = new Random(seed);
            return new Case(
                    b,
                    c,
                    l,
                    normal(random, b * c * l),
                    normal(random, c * l),
                    normal(random, c),
                    normal(random, b * c * l));
        }

        private static float[] normal(Random random, int n) {
            float[] values = new float[n];
            for (int i = 0; i < n; i++) {
                values[i] = (float) random.nextGaussian();
            }
            return values;
        }
    }

    /** y, du, dk and dd. */
    private static double[][] sums(Case x) {
        return added(x, 1);
    }

    /** The same of the terms' powers. */
    private static double[][] added(Case x, int power) {
        double[] y = new double[x.b * x.c * x.l];
        double[] du = new double[y.length];
        double[] dk = new double[x.c * x.l];
        double[] dd = new double[x.c];
        for (int row = 0; row < x.b * x.c; row++) {
            int c = row % x.c;
            for (int t = 0; t < x.l; t++) {
                int at = row * x.l + t;
                y[at] += Math.pow((double) x.d[c] * x.u[at], power);
                du[at] += Math.pow((double) x.d[c] * x.dy[at], power);
                dd[c] += Math.pow((double) x.u[at] * x.dy[at], power);
                for (int s = 0; s <= t; s++) {
                    int from = row * x.l + s;
                    int lag = c * x.l + t - s;
                    y[at] += Math.pow((double) x.k[lag] * x.u[from], power);
                    du[from] += Math.pow((double) x.k[lag] * x.dy[at], power);
                    dk[lag] += Math.pow((double) x.u[from] * x.dy[at], power);
                }
            }
        }
        return new double[][] {y, du, dk, dd};
    }

    private static float[][] transforms(Case x) {
        try (var _ = new Scope()) {
            Tensor u = leaf(x.u, x.b, x.c, x.l);
            Tensor k = leaf(x.k, x.c, x.l);
            Tensor d = leaf(x.d, x.c);
            Tensor y = LongConvolution.apply(u, k, d);
            y.mul(Tensors.of(x.dy, x.b, x.c, x.l)).sum().backward();
            return new float[][] {
                Tensors.floats(y), Tensors.floats(u.grad()), Tensors.floats(k.grad()), Tensors.floats(d.grad())
            };
        }
    }

    private static Tensor leaf(float[] values, long... shape) {
        Tensor t = Tensors.of(values, shape);
        t.set_requires_grad(true);
        return t;
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1", "3, 2, 2", "2, 3, 7", "2, 5, 33", "1, 2, 96", "3, 1, 257", "1, 1, 1000"})
    void agreesWithTheSumInValuesAndGradients(int b, int c, int l) {
        long seed = System.nanoTime();
        Case x = Case.random(seed, b, c, l);
        double[][] expected = sums(x);
        double[][] squares = added(x, 2);
        float[][] actual = transforms(x);
        String[] names = {"y", "du", "dk", "dd"};
        for (int i = 0; i < names.length; i++) {
            assertThat(actual[i]).hasSize(expected[i].length);
            // A sum may nearly cancel; its rounding error goes by the size of its terms.
            double off = 0;
            for (int j = 0; j < expected[i].length; j++) {
                off += Math.pow(actual[i][j] - expected[i][j], 2);
            }
            double size = Math.sqrt(Arrays.stream(squares[i]).sum());
            assertThat(Math.sqrt(off)).as(names[i] + " of seed " + seed).isLessThan(2e-6 * size);
        }
    }

    /** Every output of an FFT reads every input, so that what must not matter leaves its rounding error. */
    @Test
    void whatComesLaterMattersNoMoreThanRounding() {
        long seed = System.nanoTime();
        int l = 300;
        Case x = Case.random(seed, 1, 2, l);
        int at = new Random(seed).nextInt(1, l);
        float[] before = transforms(x)[0];
        x.u[at] += 1;
        float[] after = transforms(x)[0];
        double largest = 0;
        for (float v : before) {
            largest = Math.max(largest, Math.abs(v));
        }
        for (int t = 0; t < l; t++) {
            double change = Math.abs(after[t] - before[t]);
            String what = "seed " + seed + ", changed at " + at + ", seen at " + t;
            if (t < at) {
                assertThat(change).as(what).isLessThan(2e-6 * largest);
            } else {
                double expected = Math.abs(x.k[t - at] + (t == at ? x.d[0] : 0));
                assertThat(change).as(what).isCloseTo(expected, org.assertj.core.data.Offset.offset(4e-6 * largest));
            }
        }
    }

    @Test
    void whatNeedsNoGradientGetsNone() {
        Case x = Case.random(3, 2, 2, 9);
        float[] expected = transforms(x)[2];
        try (var _ = new Scope()) {
            Tensor u = Tensors.of(x.u, 2, 2, 9);
            Tensor k = leaf(x.k, 2, 9);
            // Twice in one graph: both parts of the gradient arrive.
            Tensor dy = Tensors.of(x.dy, 2, 2, 9);
            Tensor d = Tensors.of(x.d, 2);
            LongConvolution.apply(u, k, d).mul(dy).sum().backward();
            LongConvolution.apply(u, k, d).mul(dy).sum().backward();
            assertThat(u.grad().defined()).isFalse();
            float[] actual = Tensors.floats(k.grad());
            for (int i = 0; i < actual.length; i++) {
                assertThat(actual[i]).isEqualTo(2 * expected[i]);
            }
        }
    }

    /** What lies transposed in memory, f64, and bf16, whose result is f32's rounded. */
    @Test
    void layoutsAndDtypesChangeNothingElse() {
        Case x = Case.random(4, 2, 3, 20);
        try (var _ = new Scope();
                var _ = Grad.off()) {
            Tensor u = Tensors.of(x.u, 2, 3, 20);
            Tensor k = Tensors.of(x.k, 3, 20);
            Tensor d = Tensors.of(x.d, 3);
            Tensor y = LongConvolution.apply(u, k, d);
            Tensor turned = u.transpose(1, 2).contiguous().transpose(1, 2);
            assertThat(Tensors.floats(LongConvolution.apply(turned, k, d))).isEqualTo(Tensors.floats(y));
            double[] expected = sums(x)[0];
            Tensor wide =
                    LongConvolution.apply(u.to(ScalarType.Double), k.to(ScalarType.Double), d.to(ScalarType.Double));
            assertThat(Memory.type(wide)).isEqualTo(ScalarType.Double);
            assertThat(wide.view(-1)
                            .sub(torch.from_blob(
                                    new org.bytedeco.javacpp.DoublePointer(expected),
                                    new long[] {expected.length},
                                    new org.bytedeco.pytorch.TensorOptions(ScalarType.Double)))
                            .abs()
                            .max()
                            .item_double())
                    .isLessThan(1e-13);
            Tensor half = LongConvolution.apply(u.to(ScalarType.BFloat16), k, d);
            assertThat(Memory.type(half)).isEqualTo(ScalarType.BFloat16);
            Tensor rounded = u.to(ScalarType.BFloat16).to(ScalarType.Float);
            assertThat(Tensors.floats(half))
                    .isEqualTo(
                            Tensors.floats(LongConvolution.apply(rounded, k, d).to(ScalarType.BFloat16)));
        }
    }

    @Test
    void lengthsAreTheNextThatAreFast() {
        assertThat(java.util.stream.LongStream.of(1, 2, 3, 7, 9, 11, 13, 17, 21, 2051, 262143)
                        .map(LongConvolution::length))
                .containsExactly(2L, 2L, 4L, 8L, 10L, 12L, 16L, 20L, 24L, 2560L, 262144L);
    }

    @Test
    void shapesThatDoNotGoTogetherAreRefused() {
        try (var _ = new Scope()) {
            Tensor u = Tensors.full(1, 2, 3, 4);
            for (long[] k : new long[][] {{3, 5}, {2, 4}, {12}}) {
                assertThatThrownBy(() -> LongConvolution.apply(u, Tensors.full(1, k), Tensors.full(1, 3)))
                        .as(Arrays.toString(k))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining("needs k (D, L)");
            }
        }
    }
}
