package io.github.dyt4j.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Cross-entropy, silu(g)·u and GELU, values and gradients, against libtorch's operations in f64, differentiated by its autograd. */
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

    @ParameterizedTest
    @CsvSource({"7, 33, 1", "40, 1024, 3", "1, 1, 1"})
    void gelu(int rows, int width, double spread) {
        try (var _ = new Scope()) {
            torch.manual_seed(7);
            for (Tensor dy :
                    new Tensor[] {torch.randn(rows, width), Tensors.full(0.5).expand(rows, width)}) {
                agree(Gelu::tanh, x -> torch.gelu(x, "tanh"), dy, spread, rows, width);
            }
        }
    }

    /** Of images whose channels lie last, of the same with a gradient that lies otherwise, and of a part, which is not dense. */
    @Test
    void geluOfOtherLayouts() {
        try (var _ = new Scope()) {
            torch.manual_seed(8);
            UnaryOperator<Tensor> last = x -> x.permute(0, 3, 1, 2); // (2, 4, 5, 6) → (2, 6, 4, 5)
            UnaryOperator<Tensor> part = x -> x.narrow(3, 1, 4); // (2, 4, 5, 4)
            for (Tensor dy : new Tensor[] {torch.randn(2, 6, 4, 5), last.apply(torch.randn(2, 4, 5, 6))}) {
                agree(x -> Gelu.tanh(last.apply(x)), x -> torch.gelu(last.apply(x), "tanh"), dy, 1, 2, 4, 5, 6);
            }
            agree(
                    x -> Gelu.tanh(part.apply(x)),
                    x -> torch.gelu(part.apply(x), "tanh"),
                    torch.randn(2, 4, 5, 4),
                    1,
                    2,
                    4,
                    5,
                    6);
            Tensor image = last.apply(torch.randn(2, 4, 5, 6));
            image.set_requires_grad(true);
            for (Tensor x : new Tensor[] {image, image.detach()}) {
                Tensor y = Gelu.tanh(x);
                assertThat(Tensors.shape(y)).containsExactly(2, 6, 4, 5);
                assertThat(y.permute(0, 2, 3, 1).is_contiguous())
                        .as("channels last")
                        .isTrue();
            }
        }
    }

    @Test
    void geluWithoutAGraphNeedsNoScope() {
        Tensor x = torch.randn(3, 5);
        x.set_requires_grad(true);
        Tensor y;
        try (var _ = Grad.off()) {
            y = Gelu.tanh(x);
        }
        assertThat(y.requires_grad()).isFalse();
        assertThat(Gelu.tanh(x.detach()).requires_grad()).isFalse();
        assertThat(distance(y, torch.gelu(x.detach().to(ScalarType.Double), "tanh")))
                .isLessThan(1e-6);
    }

    /** Of a product that autocast made bf16, between f32 parameters. */
    @Test
    void geluInsideAutocast() {
        try (var _ = new Scope()) {
            torch.manual_seed(9);
            Tensor values = torch.randn(20, 16);
            Tensor w = torch.randn(24, 16);
            Tensor dy = torch.randn(20, 24);
            Tensor[][] results = new Tensor[2][];
            for (int i = 0; i < 2; i++) {
                UnaryOperator<Tensor> gelu = i == 0 ? x -> torch.gelu(x, "tanh") : Gelu::tanh;
                try (var _ = Autocast.bf16(true)) {
                    results[i] = run(x -> gelu.apply(torch.linear(x, w)), dy, values, ScalarType.Float);
                }
                assertThat(Memory.type(results[i][0])).isEqualTo(ScalarType.BFloat16);
            }
            assertThat(distance(results[1][0], results[0][0].to(ScalarType.Double)))
                    .isLessThan(6e-3);
            assertThat(distance(results[1][1], results[0][1].to(ScalarType.Double)))
                    .isLessThan(6e-3);
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
