package io.github.dyt4j.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import org.bytedeco.pytorch.SGDOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;

/** Against libtorch's own optimizer. */
class SgdTest {
    private static final double LR = 3e-2;
    private static final double DECAY = 0.1;

    @Test
    void twentyStepsAreThoseOfLibtorch() {
        try (var _ = new Scope()) {
            Tensor own = leaf();
            Tensor theirs = leaf();
            try (Sgd sgd = sgd(own, DECAY)) {
                SGDOptions options = new SGDOptions(LR);
                options.momentum().put(0.9);
                options.weight_decay().put(DECAY);
                var libtorch = new org.bytedeco.pytorch.SGD(new TensorVector(theirs), options);
                for (int i = 0; i < 20; i++) {
                    Tensor g = torch.randn(37, 53);
                    own.mutable_grad().put(g);
                    theirs.mutable_grad().put(g.clone());
                    sgd.step(LR, 1);
                    libtorch.step();
                }
            }
            assertThat(distance(own, theirs)).isLessThan(1e-6);
        }
    }

    @Test
    void clippingScalesOneStepAndLeavesTheGradient() {
        try (var _ = new Scope()) {
            Tensor p = leaf();
            Tensor before = p.detach().clone();
            Tensor g = torch.randn(37, 53);
            double norm = g.norm().item_double();
            try (Sgd sgd = sgd(p, 0)) {
                p.mutable_grad().put(g);
                assertThat(sgd.clip(2)).isCloseTo(norm, within(1e-4 * norm));
                sgd.step(LR, 1);
                assertThat(p.sub(before).norm().item_double()).isCloseTo(2 * LR, within(1e-5));
                assertThat(Tensors.floats(p.grad())).isEqualTo(Tensors.floats(g));
                // The next step is not clipped: v = 0.9·(2/‖g‖)·g + g.
                before = p.detach().clone();
                sgd.step(LR, 1);
                assertThat(p.sub(before).norm().item_double()).isCloseTo((1.8 + norm) * LR, within(1e-3 * norm * LR));
            }
        }
    }

    @Test
    void withItsStateItGoesOn() {
        try (var _ = new Scope()) {
            Tensor whole = leaf();
            Tensor broken = leaf();
            Tensor g = torch.randn(37, 53);
            try (Sgd one = sgd(whole, DECAY);
                    Sgd first = sgd(broken, DECAY)) {
                step(one, whole, g);
                step(one, whole, g);
                step(first, broken, g);
                try (Sgd second = sgd(broken, DECAY);
                        var _ = Grad.off()) {
                    assertThat(first.state().keySet()).containsExactly("momentum_buffer.w");
                    first.state()
                            .forEach((name, t) -> Objects.requireNonNull(
                                            second.state().get(name))
                                    .copy_(t));
                    second.resumeAt(1, first.skipped());
                    step(second, broken, g);
                }
            }
            assertThat(Tensors.floats(broken)).isEqualTo(Tensors.floats(whole));
        }
    }

    private static void step(Sgd sgd, Tensor p, Tensor g) {
        p.mutable_grad().put(g);
        sgd.step(LR, 1);
    }

    private static Sgd sgd(Tensor p, double decay) {
        SequencedMap<String, Tensor> all = new LinkedHashMap<>();
        all.put("w", p);
        return new Sgd(List.of(new AdamW.Group(all, decay)), 0.9);
    }

    private static Tensor leaf() {
        TorchRuntime.seed(5);
        Tensor p = torch.randn(37, 53);
        p.set_requires_grad(true);
        return p;
    }

    private static double distance(Tensor a, Tensor b) {
        try (var _ = Grad.off()) {
            return a.sub(b).norm().div(b.norm().add(new Scalar(0))).item_double();
        }
    }
}
