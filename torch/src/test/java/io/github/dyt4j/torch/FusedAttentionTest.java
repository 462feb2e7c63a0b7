package io.github.dyt4j.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.VoidTensorHook;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

final class FusedAttentionTest {
    @AfterEach
    void asItWas() {
        TorchRuntime.start(1);
    }

    @Test
    void valuesAndGradientsAreThoseOfLibtorchAndTheBlasHasItsThreadsBack() {
        TorchRuntime.start(2);
        List<Integer> after = new ArrayList<>();
        List<float[]> own = results(true, after);
        List<float[]> theirs = results(false, after);
        assertThat(after).containsExactly(2, 2, 2, 2, 2, 2);
        for (int i = 0; i < own.size(); i++) {
            float[] expected = theirs.get(i);
            assertThat(own.get(i)).hasSize(expected.length);
            for (int j = 0; j < expected.length; j++) {
                assertThat(own.get(i)[j]).isCloseTo(expected[j], Offset.offset(1e-4f));
            }
        }
    }

    /** y, dq, dk and dv; {@code after} gets the BLAS's threads after forward, where attention's backward has ended, and after all. */
    private static List<float[]> results(boolean fused, List<Integer> after) {
        torch.manual_seed(5);
        try (var scope = new Scope()) {
            Tensor q = leaf();
            Tensor k = leaf();
            Tensor v = leaf();
            // What is before attention runs its backward after it.
            Tensor scaled = q.mul(new Scalar(2));
            scaled.register_hook(scope.hold(new Seen(after)));
            Tensor y = fused ? FusedAttention.of(scaled, k, v) : torch.scaled_dot_product_attention(scaled, k, v);
            after.add(TorchRuntime.blasThreads());
            y.mul(y).sum().backward();
            after.add(TorchRuntime.blasThreads());
            return Stream.of(y.detach(), q.grad(), k.grad(), v.grad())
                    .map(Tensors::floats)
                    .toList();
        }
    }

    /** Writes down the BLAS's threads when a gradient comes by. */
    private static final class Seen extends VoidTensorHook {
        private final List<Integer> threads;

        Seen(List<Integer> threads) {
            this.threads = threads;
        }

        @Override
        public void call(TensorBase gradient) {
            threads.add(TorchRuntime.blasThreads());
        }
    }

    @Test
    void theBlasHasOneThreadDuringTheBackwardPass() {
        TorchRuntime.start(2);
        List<Integer> during = new ArrayList<>();
        try (var scope = new Scope()) {
            Tensor q = leaf();
            Tensor y = FusedAttention.of(q, leaf(), leaf());
            // Hooks of one tensor run in the order of their registration: this one after attention's own.
            y.register_hook(scope.hold(new Seen(during)));
            y.sum().backward();
        }
        assertThat(during).containsExactly(1);
        assertThat(TorchRuntime.blasThreads()).isEqualTo(2);
    }

    private static Tensor leaf() {
        Tensor t = torch.randn(2, 3, 40, 16);
        t.set_requires_grad(true);
        return t;
    }
}
