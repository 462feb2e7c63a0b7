package io.github.dyt4j.torch;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against libtorch's own linear layer on the same numbers, and when it is taken. */
class FewRowsTest {
    @ParameterizedTest
    @CsvSource({"1, 64, 64, true", "1, 4096, 333, false", "3, 127, 65, true", "8, 11, 5, false", "2, 1024, 1024, true"})
    void agreesWithLibtorch(int rows, int in, int out, boolean bias) {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            torch.manual_seed(3);
            Tensor x = bf16(rows, in).view(1, rows, in);
            Tensor w = bf16(out, in);
            Tensor b = bias ? bf16(out) : null;
            Tensor y = FewRows.linear(x, w, b);
            float[] actual = Tensors.floats(y);
            float[] libtorch = Tensors.floats(b == null ? torch.linear(x, w) : torch.linear(x, w, b));
            float[] products = Tensors.floats(torch.linear(x.to(ScalarType.Double), w.to(ScalarType.Double)));
            float[] biases = b == null ? new float[out] : Tensors.floats(b);
            assertThat(Tensors.shape(y)).containsExactly(1, rows, out);
            double sums = 0x1p-24 * in; // of f32, at each term
            for (int i = 0; i < actual.length; i++) {
                double exact = products[i] + (double) biases[i % out];
                double once = 0x1p-8 * Math.abs(exact) + sums; // half of what neighbouring bf16 are apart
                double product = b == null ? 0 : 0x1p-8 * Math.abs(products[i]); // libtorch rounds it before it adds b
                assertThat(Math.abs(actual[i] - exact)).as("value %d", i).isLessThanOrEqualTo(once);
                assertThat(Math.abs((double) actual[i] - libtorch[i]))
                        .as("value %d", i)
                        .isLessThanOrEqualTo(2 * once + product);
            }
        }
    }

    @Test
    void aRowIsTheSameAloneAndAmongOthers() {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            Tensor x = bf16(8, 200);
            Tensor w = bf16(70, 200);
            Tensor all = FewRows.linear(x, w, null);
            for (int row = 0; row < 8; row++) {
                assertThat(Tensors.floats(FewRows.linear(x.narrow(0, row, 1), w, null)))
                        .isEqualTo(Tensors.floats(all.narrow(0, row, 1)));
            }
        }
    }

    @Test
    void whatItIsNotForGoesToLibtorch() {
        try (var _ = new Scope()) {
            Tensor x = bf16(1, 8);
            Tensor w = bf16(6, 8);
            assertThat(FewRows.takes(x, w, null)).as("a graph is recorded").isFalse();
            try (var _ = Grad.off()) {
                assertThat(FewRows.takes(x, w, null)).isTrue();
                assertThat(FewRows.takes(x, bf16(8, 6).t(), null)).as("strides").isFalse();
                assertThat(FewRows.takes(x, w.to(ScalarType.Float), null))
                        .as("f32")
                        .isFalse();
                assertThat(FewRows.takes(x.to(ScalarType.Float), w, null))
                        .as("x f32")
                        .isFalse();
                assertThat(FewRows.takes(bf16(FewRows.MOST + 1, 8), w, null))
                        .as("too many rows")
                        .isFalse();
                assertThat(FewRows.takes(bf16(0, 8), w, null)).as("no rows").isFalse();
            }
        }
    }

    private static Tensor bf16(long... shape) {
        return torch.randn(shape).mul(new Scalar(0.5)).to(ScalarType.BFloat16);
    }
}
