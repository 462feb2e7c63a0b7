package io.github.dyt4j.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.formats.UserError;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.SequencedMap;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CalibrationTest {
    @ParameterizedTest
    @ValueSource(
            strings = {
                "dyt(init=calibrated)",
                "derf(init=calibrated)",
                "dyt(per_channel=true, init=calibrated)",
                "dyt(alpha=none, init=calibrated)"
            })
    void everySiteGivesUnitVarianceAfterTheOnesBeforeIt(String spec) {
        TorchRuntime.seed(1);
        try (Parameters p = Parameters.root();
                var _ = new Scope();
                var _ = Grad.off()) {
            Norms norms = new Norms(NormSpec.parse(spec));
            Norm first = norms.at(Site.ATTENTION, p.child("first"), 32, Layout.LAST, true);
            Norm second = norms.at(Site.MLP, p.child("second"), 32, Layout.LAST, true);
            Tensor x = torch.randn(64, 32).mul(new Scalar(0.24));
            SequencedMap<String, Norms.Start> starts =
                    norms.calibrate(() -> second.forward(first.forward(x).mul(new Scalar(7))));
            assertThat(starts.keySet()).containsExactly("first", "second");
            Tensor y = first.forward(x);
            assertThat(Tensors.std(y)).isCloseTo(1, within(1e-5));
            assertThat(Tensors.std(second.forward(y.mul(new Scalar(7))))).isCloseTo(1, within(1e-5));
            if (!spec.contains("none")) {
                assertThat(starts.firstEntry().getValue().alpha()).isCloseTo(1 / Tensors.std(x), within(1e-5));
                assertThat(Objects.requireNonNull(first.alpha())[0])
                        .isEqualTo((float) starts.firstEntry().getValue().alpha());
            }
        }
    }

    @Test
    void withoutGammaAlphaAloneIsSet() {
        try (Parameters p = Parameters.root();
                var _ = new Scope();
                var _ = Grad.off()) {
            Norms norms = new Norms(NormSpec.parse("dyt(init=calibrated)"));
            Norm norm = norms.at(Site.FINAL, p.child("n"), 32, Layout.LAST, false);
            Tensor x = torch.randn(64, 32).mul(new Scalar(3));
            Norms.Start start =
                    norms.calibrate(() -> norm.forward(x)).firstEntry().getValue();
            assertThat(start.alpha()).isCloseTo(1 / Tensors.std(x), within(1e-5));
            assertThat(start.gamma()).isNaN();
        }
    }

    @Test
    void aBareLayerRefuses() {
        try (Parameters p = Parameters.root();
                var _ = new Scope()) {
            Norm norm = new Norms(NormSpec.parse("dyt(init=calibrated)")).at(Site.MLP, p, 8, Layout.LAST, true);
            assertThatThrownBy(() -> norm.forward(Tensors.full(1, 2, 8)))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("init=calibrated")
                    .hasMessageContaining("Norms.calibrate");
        }
    }

    @Test
    void aLoadedStartNeedsNoData() {
        try (Parameters p = Parameters.root();
                var _ = new Scope();
                var _ = Grad.off()) {
            Norm norm = new Norms(NormSpec.parse("dyt(init=calibrated)")).at(Site.MLP, p, 8, Layout.LAST, true);
            p.trainable().values().forEach(t -> t.fill_(new Scalar(0.5)));
            assertThat(Tensors.floats(norm.forward(Tensors.full(0, 2, 8)))).containsOnly(0.5f);
        }
    }

    @Test
    void aConstantInputHasNoScale() {
        try (Parameters p = Parameters.root()) {
            Norms norms = new Norms(NormSpec.parse("dyt(init=calibrated)"));
            Norm norm = norms.at(Site.MLP, p.child("mlp"), 8, Layout.LAST, true);
            assertThatThrownBy(() -> norms.calibrate(() -> norm.forward(Tensors.full(1, 2, 8))))
                    .isInstanceOf(UserError.class)
                    .hasMessageContaining("mlp")
                    .hasMessageContaining("standard deviation 0.0");
        }
    }

    @Test
    void theTapSeesEveryInput() {
        try (Parameters p = Parameters.root();
                var _ = new Scope()) {
            Norms norms = new Norms(NormSpec.parse("layernorm"));
            Norm a = norms.at(Site.MLP, p.child("a"), 8, Layout.LAST, true);
            Norm b = norms.at(Site.FINAL, p.child("b"), 8, Layout.LAST, true);
            List<String> seen = new ArrayList<>();
            norms.tap((norm, x) -> seen.add(norm.name() + " " + x.size(0)));
            b.forward(a.forward(Tensors.full(1, 2, 8)));
            norms.tap(null);
            a.forward(Tensors.full(1, 2, 8));
            assertThat(seen).containsExactly("a 2", "b 2");
        }
    }
}
