package io.github.dyt4j.torch;

import static org.assertj.core.api.Assertions.assertThat;

import org.bytedeco.pytorch.Scalar;
import org.junit.jupiter.api.Test;

class SubnormalsTest {
    @Test
    void productsBelowTheNormalNumbersAreZeroInTheBlockAlone() {
        try (var _ = new Scope()) {
            try (var _ = Subnormals.flushed()) {
                assertThat(product()).isZero();
            }
            assertThat(product()).isPositive().isLessThan(Float.MIN_NORMAL);
        }
    }

    private static float product() {
        return Tensors.floats(Tensors.full(1e-20, 1).mul(new Scalar(1e-20)))[0];
    }
}
