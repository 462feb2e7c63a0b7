package io.github.dyt4j.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.junit.jupiter.api.Test;

class EmaTest {
    @Test
    void followsByItsDecayAndStandsInOnlyForTheEvaluation() throws java.io.IOException {
        try (Parameters p = Parameters.root()) {
            Tensor w = p.parameter("w", Tensors.full(1, 3));
            try (Ema ema = new Ema(p.state(), 0.75)) {
                try (var _ = new Scope();
                        var _ = Grad.off()) {
                    w.fill_(new Scalar(5));
                }
                ema.update();
                assertThat(Tensors.floats(Objects.requireNonNull(ema.state().get("w"))))
                        .containsOnly(2);
                ema.during(() -> assertThat(Tensors.floats(w)).containsOnly(2));
                assertThat(Tensors.floats(w)).containsOnly(5);
            }
        }
    }
}
