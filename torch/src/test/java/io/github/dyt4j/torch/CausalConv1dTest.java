package io.github.dyt4j.torch;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Values and gradients against libtorch's depthwise conv1d, padded on both sides and cut, in f64. */
class CausalConv1dTest {
    @ParameterizedTest
    @CsvSource({"1, 1, 1, 4", "2, 3, 5, 4", "3, 40, 17, 3", "1, 9, 2, 1"})
    void isTheDepthwiseConvolution(int batch, int length, int channels, int k) {
        try (var _ = new Scope()) {
            torch.manual_seed(3);
            Tensor x = torch.randn(batch, length, channels);
            Tensor w = torch.randn(channels, 1, k);
            Tensor bias = torch.randn(channels);
            Tensor dy = torch.randn(batch, length, channels);
            Tensor[] mine = {leaf(x, ScalarType.Float), leaf(w, ScalarType.Float), leaf(bias, ScalarType.Float)};
            Tensor[] wide = {leaf(x, ScalarType.Double), leaf(w, ScalarType.Double), leaf(bias, ScalarType.Double)};
            Tensor y = CausalConv1d.apply(mine[0], mine[1], mine[2]);
            Tensor expected = torch.conv1d(
                            wide[0].transpose(1, 2),
                            wide[1],
                            new TensorOptional(wide[2]),
                            new long[] {1},
                            new long[] {k - 1},
                            new long[] {1},
                            channels)
                    .narrow(2, 0, length)
                    .transpose(1, 2);
            y.mul(dy).sum().backward();
            expected.mul(dy.to(ScalarType.Double)).sum().backward();
            agree("y", y, expected);
            for (int i = 0; i < 3; i++) {
                agree("gradient " + i, mine[i].grad(), wide[i].grad());
            }
        }
    }

    private static Tensor leaf(Tensor values, ScalarType type) {
        Tensor leaf = values.to(type).clone();
        leaf.set_requires_grad(true);
        return leaf;
    }

    private static void agree(String what, Tensor actual, Tensor expected) {
        assertThat(Tensors.shape(actual)).isEqualTo(Tensors.shape(expected));
        double off = actual.detach().to(ScalarType.Double).sub(expected).norm().item_double();
        assertThat(off / expected.norm().item_double()).as(what).isLessThan(1e-6);
    }
}
