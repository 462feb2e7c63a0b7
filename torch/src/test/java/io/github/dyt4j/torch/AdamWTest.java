package io.github.dyt4j.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SequencedMap;
import org.bytedeco.pytorch.AdamWOptions;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;

/** Against libtorch's own optimizer, in f32, in f64 (which has no kernel), and after clipping. */
class AdamWTest {
    private static final double LR = 3e-2;
    private static final double DECAY = 0.1;

    @Test
    void twentyStepsAreThoseOfLibtorch() {
        for (ScalarType type : List.of(ScalarType.Float, ScalarType.Double)) {
            try (var _ = new Scope()) {
                Tensor own = leaf(type);
                Tensor theirs = leaf(type);
                try (AdamW adamW = adamW(own, DECAY)) {
                    AdamWOptions options = new AdamWOptions(LR);
                    options.weight_decay().put(DECAY);
                    options.eps().put(1e-8);
                    var libtorch = new org.bytedeco.pytorch.AdamW(new TensorVector(theirs), options);
                    for (int i = 0; i < 20; i++) {
                        Tensor g = torch.randn(37, 53).to(type);
                        own.mutable_grad().put(g);
                        theirs.mutable_grad().put(g.clone());
                        adamW.step(LR);
                        libtorch.step();
                    }
                }
                assertThat(distance(own, theirs)).as("%s", type).isLessThan(type == ScalarType.Float ? 1e-6 : 1e-14);
            }
        }
    }

    @Test
    void clippingScalesOneStepAndLeavesTheGradient() {
        try (var _ = new Scope()) {
            Tensor clipped = leaf(ScalarType.Float);
            Tensor scaled = leaf(ScalarType.Float);
            Tensor g = torch.randn(37, 53);
            double norm = g.to(ScalarType.Double).norm().item_double();
            try (AdamW one = adamW(clipped, 0);
                    AdamW other = adamW(scaled, 0)) {
                // An ε as large as the gradients, else AdamW forgives a wrong scale.
                for (double maxNorm : new double[] {2, 0, 2 * norm}) {
                    clipped.mutable_grad().put(g);
                    assertThat(one.clip(maxNorm)).isCloseTo(norm, within(1e-6 * norm));
                    one.step(LR);
                    scaled.mutable_grad().put(maxNorm == 2 ? g.mul(new Scalar(2 / norm)) : g);
                    other.step(LR);
                    assertThat(distance(clipped, scaled)).as("%s", maxNorm).isLessThan(1e-6);
                }
            }
            assertThat(g.to(ScalarType.Double).norm().item_double()).isEqualTo(norm);
        }
    }

    @Test
    void aGroupsShareOfTheLearningRateIsTheLearningRateTimesIt() {
        double share = 0.25; // exact
        try (var _ = new Scope()) {
            Tensor shared = leaf(ScalarType.Float);
            Tensor plain = leaf(ScalarType.Float);
            SequencedMap<String, Tensor> all = new LinkedHashMap<>();
            all.put("p", shared);
            try (AdamW one = new AdamW(List.of(new AdamW.Group(all, DECAY, share)), 0.9, 0.999, 1e-8);
                    AdamW other = adamW(plain, DECAY)) {
                for (int i = 0; i < 3; i++) {
                    Tensor g = torch.randn(37, 53);
                    shared.mutable_grad().put(g);
                    plain.mutable_grad().put(g.clone());
                    one.step(LR);
                    other.step(LR * share);
                }
            }
            assertThat(Tensors.floats(shared)).isEqualTo(Tensors.floats(plain));
            assertThat(distance(shared, leaf(ScalarType.Float))).isGreaterThan(1e-3);
        }
    }

    @Test
    void aParameterThatThawsStepsAsANewOne() {
        try (var _ = new Scope()) {
            Tensor awake = leaf(ScalarType.Float);
            Tensor thawed = leaf(ScalarType.Float);
            Tensor fresh = leaf(ScalarType.Float);
            SequencedMap<String, Tensor> both = new LinkedHashMap<>();
            both.put("awake", awake);
            both.put("thawed", thawed);
            List<AdamW.Group> groups = List.of(new AdamW.Group(both, DECAY));
            try (AdamW one = new AdamW(groups, 0.9, 0.999, 1e-8);
                    AdamW resumed = new AdamW(groups, 0.9, 0.999, 1e-8);
                    AdamW other = adamW(fresh, DECAY)) {
                for (int i = 0; i < 10; i++) {
                    awake.mutable_grad().put(torch.randn(37, 53));
                    one.step(LR);
                }
                assertThat(Tensors.floats(thawed)).isEqualTo(Tensors.floats(fresh));
                assertThat(one.skipped()).isEqualTo(Map.of("thawed", 10L));
                awake.mutable_grad().reset();
                AdamW now = one;
                for (int i = 0; i < 6; i++) {
                    Tensor g = torch.randn(37, 53);
                    thawed.mutable_grad().put(g);
                    fresh.mutable_grad().put(g.clone());
                    now.step(LR);
                    other.step(LR);
                    if (i == 2) {
                        SequencedMap<String, Tensor> state = one.state();
                        try (var _ = Grad.off()) {
                            resumed.state().forEach((name, t) -> t.copy_(Objects.requireNonNull(state.get(name))));
                        }
                        resumed.resumeAt(13, one.skipped());
                        now = resumed;
                    }
                }
                assertThat(now.skipped()).isEqualTo(Map.of("awake", 6L, "thawed", 10L));
            }
            assertThat(Tensors.floats(thawed)).isEqualTo(Tensors.floats(fresh));
            assertThat(distance(thawed, leaf(ScalarType.Float))).isGreaterThan(1e-2);
        }
    }

    private static AdamW adamW(Tensor p, double decay) {
        SequencedMap<String, Tensor> all = new LinkedHashMap<>();
        all.put("p", p);
        return new AdamW(List.of(new AdamW.Group(all, decay)), 0.9, 0.999, decay == 0 ? 0.1 : 1e-8);
    }

    private static Tensor leaf(ScalarType type) {
        torch.manual_seed(3);
        Tensor p = torch.randn(37, 53).to(type);
        p.set_requires_grad(true);
        return p;
    }

    /** ‖a − e‖ / ‖e‖. */
    private static double distance(Tensor a, Tensor e) {
        try (var _ = Grad.off()) {
            Tensor expected = e.detach().to(ScalarType.Double);
            return a.detach().to(ScalarType.Double).sub(expected).norm().item_double()
                    / expected.norm().item_double();
        }
    }
}
