package io.github.dyt4j.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.data.Offset.offset;

import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The scan against a plain loop in f64. */
class SelectiveScanTest {
    @ParameterizedTest
    @CsvSource({"1, 1, 1, 1", "2, 5, 3, 4", "1, 70, 20, 16"})
    void isThePlainLoop(int batch, int length, int channels, int states) {
        try (var _ = new Scope()) {
            torch.manual_seed(3);
            Tensor u = torch.randn(batch, length, channels);
            Tensor delta = torch.randn(batch, length, channels).exp().contiguous();
            Tensor a = torch.randn(channels, states).exp().neg();
            Tensor b = torch.randn(batch, length, states);
            Tensor c = torch.randn(batch, length, states);
            Tensor d = torch.randn(channels);
            float[] y = Tensors.floats(SelectiveScan.apply(u, delta, a, b, c, d));
            float[][] in = {
                Tensors.floats(u),
                Tensors.floats(delta),
                Tensors.floats(a),
                Tensors.floats(b),
                Tensors.floats(c),
                Tensors.floats(d)
            };
            for (int i = 0; i < batch; i++) {
                double[][] h = new double[channels][states];
                for (int t = 0; t < length; t++) {
                    for (int j = 0; j < channels; j++) {
                        int at = (i * length + t) * channels + j;
                        double sum = (double) in[5][j] * in[0][at];
                        for (int n = 0; n < states; n++) {
                            int state = (i * length + t) * states + n;
                            h[j][n] = Math.exp((double) in[1][at] * in[2][j * states + n]) * h[j][n]
                                    + (double) in[1][at] * in[3][state] * in[0][at];
                            sum += in[4][state] * h[j][n];
                        }
                        assertThat((double) y[at]).isCloseTo(sum, offset(2e-5 * (1 + Math.abs(sum))));
                    }
                }
            }
        }
    }
}
