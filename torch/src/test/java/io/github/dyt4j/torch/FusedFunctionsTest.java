package io.github.dyt4j.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Cross-entropy and silu(g)·u, values and gradients, against libtorch's operations in f64, differentiated by its autograd. */
class FusedFunctionsTest {
    @ParameterizedTest
    @CsvSource({"7, 33, 1", "5, 1000, 30", "1, 16, 1"})
    void crossEntropy(int rows, int classes, double spread) {
        try (var _ = new Scope()) {
            torch.manual_seed(5);
            Tensor labels = Tensors.of(new Random(5).longs(rows, 0, classes).toArray(), rows);
            // A scaled loss, as where gradients are accumulated: its gradient is not 1.
            agree(
                    z -> CrossEntropy.mean(z, labels),
                    z -> torch.nll_loss(z.log_softmax(1), labels),
                    Tensors.full(1 / 3.0, 1),
                    spread,
                    rows,
                    classes);
        }
    }

    @ParameterizedTest
    @CsvSource({"7, 33, 1", "5, 128, 30", "1, 1, 1"})
    void gatedSilu(int rows, int width, double spread) {
        try (var _ = new Scope()) {
            torch.manual_seed(6);
            agree(
                    GatedSilu::of,
                    x -> torch.silu(x.narrow(1, 0, width)).mul(x.narrow(1, width, width)),
                    torch.randn(rows, width),
                    spread,
                    rows,
                    2L * width);
        }
    }

    private static void agree(
            UnaryOperator<Tensor> fused, UnaryOperator<Tensor> reference, Tensor dy, double spread, long... shape) {
        // Rounded to bf16 first, so that all dtypes see the same numbers.
        Tensor values = torch.randn(shape).mul(new Scalar(spread)).to(ScalarType.BFloat16);
        Tensor[] expected = run(reference, dy, values, ScalarType.Double);
        Tensor[] single = run(fused, dy, values, ScalarType.Float);
        Tensor[] half = run(fused, dy, values, ScalarType.BFloat16);
        for (int i = 0; i < 2; i++) {
            String what = i == 0 ? "value" : "gradient";
            assertThat(distance(single[i], expected[i])).as(what).isLessThan(2e-6);
            assertThat(distance(half[i], expected[i])).as(what + " in bf16").isLessThan(6e-3);
        }
        Tensor[] wide = run(fused, dy, values, ScalarType.Double);
        assertThat(distance(wide[1], expected[1])).as("gradient in f64").isLessThan(1e-6);
    }

    private static Tensor[] run(UnaryOperator<Tensor> f, Tensor dy, Tensor values, ScalarType type) {
        Tensor x = values.to(type).clone();
        x.set_requires_grad(true);
        Tensor y = f.apply(x.mul(new Scalar(1.0)));
        y.mul(dy).sum().backward();
        return new Tensor[] {y.detach(), x.grad()};
    }

    /** ‖a − e‖ / ‖e‖. */
    private static double distance(Tensor a, Tensor e) {
        double size = e.norm().item_double();
        return a.to(ScalarType.Double).sub(e).norm().item_double() / size;
    }
}
