package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.torch.Ema;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Layout;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Norms;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Site;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.torch.TorchRuntime;
import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** One layer, 7 to 5 unless said otherwise. */
class SigmaReparamTest {
    private static final int IN = 7;
    private static final int OUT = 5;

    private final Parameters p = Parameters.root();
    private Linear layer;

    @BeforeEach
    void make() {
        TorchRuntime.seed(11);
        layer = new SigmaReparam().linear(p, IN, OUT);
    }

    @AfterEach
    void close() {
        p.close();
    }

    @Test
    void afterManyStepsSigmaIsTheLargestSingularValue() {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            for (int i = 0; i < 300; i++) {
                Tensor _ = layer.forward(torch.eye(IN));
            }
            double exact = torch.linalg_svdvals(get("weight")).select(0, 0).item_double();
            assertThat(sigma()).isCloseTo(exact, within(1e-5 * exact));
            get("gamma").fill_(new Scalar(3));
            Tensor weight = layer.forward(torch.eye(IN)).t(); // b = 0
            assertThat(torch.linalg_svdvals(weight).select(0, 0).item_double()).isCloseTo(3, within(1e-4));
        }
    }

    /** 15 steps from the start: below the exact value, as every such estimate is, and not far. */
    @Test
    void theStartIsNearTheLargestSingularValue() {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            double exact = torch.linalg_svdvals(get("weight")).select(0, 0).item_double();
            assertThat(sigma()).isBetween(0.98 * exact, 1.00001 * exact);
        }
    }

    /** W = diag(3, 1), v = (0.6, 0.8): u ∝ (1.8, 0.8), v ∝ (5.4, 0.8), σ = uᵀ·W·v. */
    @Test
    void oneStepByHand() {
        try (Parameters two = Parameters.root();
                var _ = new Scope();
                var _ = Grad.off()) {
            Linear small = new SigmaReparam().linear(two, 2, 2);
            Objects.requireNonNull(two.state().get("weight")).copy_(Tensors.of(new float[] {3, 0, 0, 1}, 2, 2));
            Objects.requireNonNull(two.state().get("v")).copy_(Tensors.of(new float[] {0.6f, 0.8f}, 2));
            float[] y = Tensors.floats(small.forward(Tensors.of(new float[] {1, 1}, 1, 2)));
            double[] u = {1.8 / Math.hypot(1.8, 0.8), 0.8 / Math.hypot(1.8, 0.8)};
            double[] v = {5.4 / Math.hypot(5.4, 0.8), 0.8 / Math.hypot(5.4, 0.8)};
            double sigma = 3 * u[0] * v[0] + u[1] * v[1];
            assertThat((double) y[0]).isCloseTo(3 / sigma, within(1e-6));
            assertThat((double) y[1]).isCloseTo(1 / sigma, within(1e-6));
        }
    }

    @Test
    void trainingStepsAndEvaluationDoesNot() {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            Tensor x = Fill.input("x", 3, IN);
            get("v").copy_(Fill.tensor("v", IN));
            p.training(false);
            float[] u = Tensors.floats(get("u"));
            float[] v = Tensors.floats(get("v"));
            float[] y = Tensors.floats(layer.forward(x));
            assertThat(Tensors.floats(layer.forward(x))).isEqualTo(y);
            assertThat(Tensors.floats(get("u"))).isEqualTo(u);
            assertThat(Tensors.floats(get("v"))).isEqualTo(v);
            p.training(true);
            Tensor _ = layer.forward(x);
            assertThat(Tensors.floats(get("u"))).isNotEqualTo(u);
            assertThat(Tensors.floats(get("v"))).isNotEqualTo(v);
        }
    }

    /** As a step that accumulates over batches, or sees several views, does: the graph of the first pass outlives the second's step. */
    @Test
    void twoPassesBeforeBackwardAddTheirGradients() {
        float[] sum;
        try (var _ = new Scope()) {
            Tensor a = layer.forward(Fill.input("a", 2, IN));
            Tensor b = layer.forward(Fill.input("b", 2, IN));
            a.sum().add(b.sum()).backward();
            sum = Tensors.floats(get("weight").grad());
        }
        assertThat(sum).hasSize(OUT * IN).doesNotContain(0);
    }

    /** Averages over steps are shorter than 1 where u turns; σ must not be. */
    @Test
    void averagedVectorsCountByTheirDirection() throws Exception {
        try (var _ = new Scope();
                var _ = Grad.off();
                Ema ema = new Ema(p.state(), 0.5)) {
            p.training(false);
            float[] before = Tensors.floats(layer.forward(torch.eye(IN)));
            Objects.requireNonNull(ema.state().get("u")).mul_(new Scalar(0.25));
            Objects.requireNonNull(ema.state().get("v")).mul_(new Scalar(0.5));
            float[][] averaged = new float[1][];
            ema.during(() -> averaged[0] = Tensors.floats(layer.forward(torch.eye(IN))));
            for (int i = 0; i < before.length; i++) {
                assertThat((double) averaged[0][i]).isCloseTo(before[i], within(1e-6));
            }
        }
    }

    @Test
    void aNormFoldsIntoWhatTheLayerComputesWith() {
        try (Parameters more = Parameters.root();
                var _ = new Scope();
                var _ = Grad.off()) {
            var norm = new Norms(NormSpec.parse("dyt")).at(Site.MLP, more.child("norm"), IN, Layout.LAST, true);
            Fill.parameters(more);
            p.training(false);
            Tensor x = Fill.input("x", 3, IN);
            float[] before = Tensors.floats(layer.forward(norm.forward(x)));
            norm.fold(true);
            layer.fold(norm);
            float[] folded = Tensors.floats(layer.forward(norm.forward(x)));
            for (int i = 0; i < before.length; i++) {
                assertThat((double) folded[i]).isCloseTo(before[i], within(1e-5));
            }
            assertThat(folded)
                    .isNotEqualTo(Tensors.floats(layer.forward(norm.squashed(x).mul(new Scalar(2)))));
            layer.unfold();
            norm.fold(false);
            assertThat(Tensors.floats(layer.forward(norm.forward(x)))).isEqualTo(before);
        }
    }

    private double sigma() {
        return get("u").dot(get("weight").mv(get("v"))).item_double();
    }

    private Tensor get(String name) {
        return Objects.requireNonNull(p.state().get(name), name);
    }
}
