package io.github.dyt4j.torch;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorArrayRefOptional;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Output and gradient against libtorch's own attention in f64, differentiated by its autograd. */
class CausalAttentionTest {
    @ParameterizedTest
    @CsvSource({
        // B, H, Hkv, T, d: one block; several blocks of rows; several chunks of heads; groups; odd lengths
        "2, 4, 4, 37, 8",
        "1, 6, 2, 33, 8",
        "1, 4, 1, 1300, 16",
        "3, 8, 8, 600, 8",
        "2, 2, 2, 1, 4"
    })
    void gradientsAreThoseOfAutograd(int b, int h, int kv, int t, int d) {
        float[][] single = run(b, h, kv, t, d, ScalarType.Float, true);
        float[][] expected = run(b, h, kv, t, d, ScalarType.Double, false);
        assertThat(distance(single[0], expected[0])).as("output").isLessThan(2e-6);
        assertThat(distance(single[1], expected[1])).as("gradient").isLessThan(5e-6);
        float[][] half = run(b, h, kv, t, d, ScalarType.BFloat16, true);
        assertThat(distance(half[0], expected[0])).as("output in bf16").isLessThan(8e-3);
        assertThat(distance(half[1], expected[1])).as("gradient in bf16").isLessThan(1e-2);
    }

    private static float[][] run(int b, int h, int kv, int t, int d, ScalarType type, boolean own) {
        try (var _ = new Scope()) {
            torch.manual_seed(7);
            // Rounded to bf16 first, so that all dtypes see the same numbers.
            Tensor x =
                    torch.randn(b, t, (h + 2L * kv) * d).to(ScalarType.BFloat16).to(type);
            x.set_requires_grad(true);
            Tensor dy = torch.randn(b, t, (long) h * d).to(ScalarType.BFloat16).to(type);
            Tensor angles = torch.randn(t, d / 2);
            Tensor cos = angles.cos();
            Tensor sin = angles.sin();
            Tensor qkv = x.mul(new Scalar(1.0));
            Tensor y = own
                    ? new CausalAttention(h, kv, d).forward(qkv, cos, sin)
                    : reference(qkv, h, kv, d, cos.to(type), sin.to(type));
            y.backward(dy, new BoolOptional(), false, new TensorArrayRefOptional());
            return new float[][] {Tensors.floats(y), Tensors.floats(x.grad())};
        }
    }

    private static Tensor reference(Tensor qkv, int h, int kv, int d, Tensor cos, Tensor sin) {
        Tensor q = turned(part(qkv, 0, h, d), cos, sin);
        Tensor k = turned(part(qkv, h, kv, d), cos, sin)
                .repeat_interleave(h / kv, new LongOptional(1), new LongOptional());
        Tensor v = part(qkv, h + kv, kv, d).repeat_interleave(h / kv, new LongOptional(1), new LongOptional());
        return torch.scaled_dot_product_attention(q, k, v, new TensorOptional(), 0, true, new DoubleOptional(), false)
                .transpose(1, 2)
                .flatten(2, 3);
    }

    private static Tensor part(Tensor qkv, long from, long count, long d) {
        return qkv.narrow(-1, from * d, count * d)
                .unflatten(-1, new long[] {count, d})
                .transpose(1, 2);
    }

    private static Tensor turned(Tensor x, Tensor cos, Tensor sin) {
        long half = x.size(-1) / 2;
        Tensor a = x.narrow(-1, 0, half);
        Tensor b = x.narrow(-1, half, half);
        return torch.cat(new TensorVector(a.mul(cos).sub(b.mul(sin)), b.mul(cos).add(a.mul(sin))), -1);
    }

    /** ‖a − e‖ / ‖e‖. */
    private static double distance(float[] actual, float[] expected) {
        double difference = 0;
        double size = 0;
        for (int i = 0; i < expected.length; i++) {
            difference += Math.pow((double) actual[i] - expected[i], 2);
            size += (double) expected[i] * expected[i];
        }
        return Math.sqrt(difference / size);
    }
}
