package io.github.dyt4j.models;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import io.github.dyt4j.torch.TorchRuntime;
import org.junit.jupiter.api.Test;

class DropPathTest {
    private final Parameters p = Parameters.root();

    @Test
    void dropsWholeSamplesAndScalesTheRest() {
        TorchRuntime.seed(3);
        try (var _ = new Scope()) {
            float[] y = Tensors.floats(new DropPath(p, 0.3).forward(Tensors.full(1, 2000, 2, 3)));
            int kept = 0;
            for (int sample = 0; sample < 2000; sample++) {
                for (int i = 0; i < 6; i++) {
                    assertThat(y[sample * 6 + i]).isEqualTo(y[sample * 6]);
                }
                assertThat(y[sample * 6]).isIn(0f, (float) (1 / 0.7));
                kept += y[sample * 6] == 0 ? 0 : 1;
            }
            assertThat(kept / 2000.0).as("seed 3").isCloseTo(0.7, within(0.04)); // four standard deviations
        }
    }

    @Test
    void repeatsAfterTheSameSeed() {
        assertThat(draw(5)).isEqualTo(draw(5));
        assertThat(draw(5)).isNotEqualTo(draw(6));
    }

    private float[] draw(long seed) {
        TorchRuntime.seed(seed);
        try (var _ = new Scope()) {
            return Tensors.floats(new DropPath(p, 0.5).forward(Tensors.full(1, 64, 1)));
        }
    }

    @Test
    void isTheIdentityInEvaluation() {
        p.training(false);
        try (var _ = new Scope()) {
            var x = Tensors.full(1, 64, 2);
            assertThat(new DropPath(p, 0.5).forward(x)).isSameAs(x);
        }
    }

    @Test
    void ratesRiseInEqualStepsFromZero() {
        assertThat(new double[] {DropPath.atBlock(0.4, 0, 5), DropPath.atBlock(0.4, 2, 5), DropPath.atBlock(0.4, 4, 5)})
                .containsExactly(new double[] {0, 0.2, 0.4}, within(1e-12));
        assertThat(DropPath.atBlock(0.4, 0, 1)).isZero();
    }
}
