package io.github.dyt4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import org.junit.jupiter.api.Test;

/** What libtorch itself throws, and not what we believe that it throws. */
final class FailureTest {
    private static String said(Runnable wrong) {
        try (var _ = new Scope()) {
            return Failure.sentence(catchThrowable(wrong::run));
        }
    }

    @Test
    void libtorchsStackIsLeftOut() {
        assertThat(said(() -> Tensors.full(1, 3).add(Tensors.full(1, 4))))
                .isEqualTo(
                        "libtorch refused an operation: The size of tensor a (3) must match the size of tensor b (4) "
                                + "at non-singleton dimension 0");
        assertThat(said(() -> Tensors.empty(1L << 44)))
                .isEqualTo("there is not enough memory: 65536.0 GB more were asked for. "
                        + "A smaller batch_size or model needs less.");
        assertThat(Failure.sentence(new RuntimeException("""
                        x INTERNAL ASSERT FAILED at "/a/b.cpp":12, please report a bug to PyTorch. No such thing.
                        Exception raised from f at /a/b.cpp:12 (most recent call first):
                        frame #0: f""")))
                .isEqualTo("libtorch refused an operation: No such thing.");
    }

    @Test
    void othersKeepTheirFirstLine() {
        assertThat(Failure.sentence(new IllegalStateException("one\ntwo"))).isEqualTo("one");
        assertThat(Failure.sentence(new NullPointerException())).isEqualTo("NullPointerException");
    }
}
