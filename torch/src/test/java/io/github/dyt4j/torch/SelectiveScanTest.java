package io.github.dyt4j.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The fused scan, values and all gradients, against a loop of libtorch's operations in f64, differentiated by its autograd. */
class SelectiveScanTest {
    private static final String[] NAMES = {"u", "Δ", "A", "B", "C", "D"};

    @ParameterizedTest
    @CsvSource({"1, 1, 1, 1", "2, 5, 3, 4", "1, 70, 20, 16", "2, 100, 40, 3"})
    void isTheLoop(int batch, int length, int channels, int states) {
        try (var _ = new Scope()) {
            Tensor[] values = values(batch, length, channels, states);
            Tensor dy = torch.randn(batch, length, channels);
            Tensor[] fused = leaves(values, ScalarType.Float);
            Tensor[] wide = leaves(values, ScalarType.Double);
            Tensor y = apply(through(fused));
            Tensor expected = loop(through(wide));
            assertThat(distance(y, expected)).isLessThan(1e-6);
            y.mul(dy).sum().backward();
            expected.mul(dy.to(ScalarType.Double)).sum().backward();
            for (int i = 0; i < 6; i++) {
                assertThat(distance(fused[i].grad(), wide[i].grad()))
                        .as(NAMES[i])
                        .isLessThan(2e-6);
            }
        }
    }

    @Test
    void whatNeedsNoGradientGetsNone() {
        try (var _ = new Scope()) {
            Tensor[] values = values(1, 40, 8, 4);
            Tensor[] all = leaves(values, ScalarType.Float);
            apply(all).sum().backward();
            for (int only = 0; only < 6; only++) {
                Tensor[] one = Arrays.stream(values).map(Tensor::clone).toArray(Tensor[]::new);
                one[only].set_requires_grad(true);
                apply(one).sum().backward();
                for (int i = 0; i < 6; i++) {
                    assertThat(one[i].grad().defined()).isEqualTo(i == only);
                }
                assertThat(Tensors.floats(one[only].grad())).isEqualTo(Tensors.floats(all[only].grad()));
            }
        }
    }

    @Test
    void withoutAGraphItIsTheSame() {
        try (var _ = new Scope()) {
            Tensor[] leaves = leaves(values(2, 40, 8, 4), ScalarType.Float);
            Tensor y = apply(leaves);
            try (var _ = Grad.off()) {
                Tensor plain = apply(leaves);
                assertThat(plain.requires_grad()).isFalse();
                assertThat(Tensors.floats(plain)).isEqualTo(Tensors.floats(y));
            }
            assertThat(y.requires_grad()).isTrue();
        }
    }

    /** As a projection's pieces are under autocast: slices of bf16 in another order of axes. The gradients come back as the inputs are. */
    @Test
    void takesSlicesOfBf16() {
        try (var _ = new Scope()) {
            Tensor[] values = values(2, 33, 8, 4);
            Tensor[] plain = leaves(rounded(values), ScalarType.Float);
            Tensor[] strange = Arrays.stream(rounded(values))
                    .map(x -> torch.cat(new TensorVector(x, x), 0)
                            .transpose(0, -1)
                            .contiguous()
                            .to(ScalarType.BFloat16))
                    .toArray(Tensor[]::new);
            Tensor[] seen = new Tensor[6];
            for (int i = 0; i < 6; i++) {
                strange[i].set_requires_grad(true);
                seen[i] = strange[i].transpose(0, -1).narrow(0, 0, values[i].size(0));
            }
            Tensor y;
            try (var _ = Autocast.bf16(true)) {
                y = apply(seen);
            }
            Tensor expected = apply(plain);
            assertThat(Memory.type(y)).isEqualTo(ScalarType.Float);
            assertThat(Tensors.floats(y)).isEqualTo(Tensors.floats(expected));
            Tensor dy = torch.randn(2, 33, 8);
            y.mul(dy).sum().backward();
            expected.mul(dy).sum().backward();
            for (int i = 0; i < 6; i++) {
                Tensor gradient = strange[i].grad();
                assertThat(Memory.type(gradient)).isEqualTo(ScalarType.BFloat16);
                Tensor own = gradient.transpose(0, -1).narrow(0, 0, values[i].size(0));
                assertThat(distance(own, plain[i].grad())).as(NAMES[i]).isLessThan(4e-3);
            }
        }
    }

    @Test
    void theGradientMayBeSpread() {
        try (var _ = new Scope()) {
            Tensor[] one = leaves(values(1, 9, 4, 2), ScalarType.Float);
            Tensor[] other = leaves(values(1, 9, 4, 2), ScalarType.Float);
            apply(one).sum().backward();
            apply(other).mul(Tensors.full(1, 1, 9, 4)).sum().backward();
            assertThat(Tensors.floats(one[1].grad())).isEqualTo(Tensors.floats(other[1].grad()));
        }
    }

    @Test
    void shapesThatDoNotFitAreNamed() {
        try (var _ = new Scope()) {
            Tensor[] values = values(1, 9, 4, 2);
            values[4] = values[4].narrow(1, 0, 8);
            assertThatThrownBy(() -> apply(values))
                    .hasMessageContaining("B and C (B, L, N)")
                    .hasMessageContaining("[1, 8, 2]");
        }
    }

    private static Tensor apply(Tensor... in) {
        return SelectiveScan.apply(in[0], in[1], in[2], in[3], in[4], in[5]);
    }

    /** The formula, a token after the other. */
    private static Tensor loop(Tensor... in) {
        Tensor u = in[0];
        Tensor delta = in[1];
        Tensor h = torch.zeros(u.size(0), u.size(2), in[2].size(1)).to(u.scalar_type()); // (B, D, N)
        TensorVector y = new TensorVector();
        for (long t = 0; t < u.size(1); t++) {
            Tensor decay = delta.select(1, t).unsqueeze(-1).mul(in[2]).exp(); // (B, D, N)
            Tensor x = delta.select(1, t).mul(u.select(1, t)).unsqueeze(-1); // (B, D, 1)
            h = decay.mul(h).add(x.mul(in[3].select(1, t).unsqueeze(1)));
            y.push_back(torch.matmul(h, in[4].select(1, t).unsqueeze(-1)).squeeze(-1)); // (B, D)
        }
        return torch.stack(y, 1).add(in[5].mul(u)); // (B, L, D)
    }

    private static Tensor[] values(int batch, int length, int channels, int states) {
        torch.manual_seed(3);
        return new Tensor[] {
            torch.randn(batch, length, channels),
            torch.softplus(torch.randn(batch, length, channels)),
            torch.randn(channels, states).exp().neg(),
            torch.randn(batch, length, states),
            torch.randn(batch, length, states),
            torch.randn(channels)
        };
    }

    private static Tensor[] rounded(Tensor[] values) {
        return Arrays.stream(values)
                .map(x -> x.to(ScalarType.BFloat16).to(ScalarType.Float))
                .toArray(Tensor[]::new);
    }

    private static Tensor[] leaves(Tensor[] values, ScalarType type) {
        return Arrays.stream(values)
                .map(x -> {
                    Tensor leaf = x.to(type).clone();
                    leaf.set_requires_grad(true);
                    return leaf;
                })
                .toArray(Tensor[]::new);
    }

    /** As something before it in the graph makes them. */
    private static Tensor[] through(Tensor[] leaves) {
        return IntStream.range(0, 6)
                .mapToObj(i -> leaves[i].add(Tensors.full(0, 1)))
                .toArray(Tensor[]::new);
    }

    /** ‖a − e‖ / ‖e‖. */
    private static double distance(Tensor a, Tensor e) {
        Tensor expected = e.to(ScalarType.Double);
        double off = a.to(ScalarType.Double).sub(expected).norm().item_double();
        return off == 0 ? 0 : off / expected.norm().item_double();
    }
}
