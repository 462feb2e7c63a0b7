package io.github.dyt4j.torch;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Against libtorch's attention in f64 on the same numbers, and when it is taken. */
class OneQueryTest {
    @ParameterizedTest
    @CsvSource({"4, 4, 1, 16, 32", "8, 2, 37, 64, 128", "6, 3, 300, 300, 20", "32, 32, 513, 1024, 128"})
    void agreesWithLibtorch(int heads, int kvHeads, int seen, int capacity, int d) {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            torch.manual_seed(11);
            Tensor q = bf16(1, heads, 1, d);
            Tensor k = bf16(1, kvHeads, capacity, d).narrow(2, 0, seen);
            Tensor v = bf16(1, kvHeads, capacity, d).narrow(2, 0, seen);
            assertThat(OneQuery.takes(q, k, v)).isTrue();
            float[] actual = Tensors.floats(OneQuery.attention(q, k, v));
            Tensor rows = q.to(ScalarType.Double).view(1, kvHeads, heads / kvHeads, d);
            float[] expected = Tensors.floats(torch.scaled_dot_product_attention(
                    rows,
                    k.to(ScalarType.Double),
                    v.to(ScalarType.Double),
                    new TensorOptional(),
                    0,
                    false,
                    new DoubleOptional(),
                    false));
            for (int i = 0; i < expected.length; i++) {
                assertThat(Math.abs((double) actual[i] - expected[i]))
                        .as("value %d: %s", i, expected[i])
                        .isLessThanOrEqualTo(0x1p-8 * Math.abs(expected[i]) + 4e-6);
            }
        }
    }

    @Test
    void whatItIsNotForGoesToLibtorch() {
        try (var _ = new Scope()) {
            Tensor q = bf16(1, 4, 1, 8);
            Tensor k = bf16(1, 2, 5, 8);
            assertThat(OneQuery.takes(q, k, k)).as("a graph is recorded").isFalse();
            try (var _ = Grad.off()) {
                assertThat(OneQuery.takes(q, k, k)).isTrue();
                assertThat(OneQuery.takes(bf16(1, 4, 2, 8), k, k))
                        .as("two tokens")
                        .isFalse();
                assertThat(OneQuery.takes(bf16(2, 4, 1, 8), bf16(2, 2, 5, 8), bf16(2, 2, 5, 8)))
                        .as("two sequences")
                        .isFalse();
                assertThat(OneQuery.takes(q, bf16(1, 2, 8, 5).transpose(2, 3), k))
                        .as("strides")
                        .isFalse();
                assertThat(OneQuery.takes(q.to(ScalarType.Float), k, k))
                        .as("f32")
                        .isFalse();
            }
        }
    }

    private static Tensor bf16(long... shape) {
        return torch.randn(shape).to(ScalarType.BFloat16);
    }
}
