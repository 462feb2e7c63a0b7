package io.github.dyt4j.torch;

import org.bytedeco.pytorch.DoubleOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorBase;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.VoidTensorHook;
import org.bytedeco.pytorch.global.torch;

/**
 * softmax(q·kᵀ/√d + mask)·v (Vaswani et al. 2017, section 3.2.1) by libtorch's scaled_dot_product_attention, with the BLAS at one thread while
 * it runs, forward and backward.
 *
 * <p>libtorch calls the BLAS from inside its own parallel loop over heads and blocks. OpenBLAS has threads of its own, knows nothing of that
 * loop's, and runs one call at a time: with as many threads of both they spin for each other, which on two cores made attention several
 * times slower, and beside other processes eighty times.
 */
public final class FusedAttention {
    private FusedAttention() {}

    /** Without a mask: (B, H, N, d) each. */
    public static Tensor of(Tensor q, Tensor k, Tensor v) {
        return of(q, k, v, new TensorOptional(), 0, false);
    }

    /**
     * With libtorch's options.
     *
     * @param q (B, H, N, d); k and v (B, H, M, d)
     * @param mask (…, N, M), added to the scores or, of bool, true where a key is seen
     * @param causal whether a query sees no later key; then there is no mask
     * @return (B, H, N, d)
     */
    public static Tensor of(Tensor q, Tensor k, Tensor v, TensorOptional mask, double dropout, boolean causal) {
        int threads = TorchRuntime.blasThreads();
        if (threads == 1 || dropout > 0) { // with dropout it is made of batched products, and there is no such loop
            return attention(q, k, v, mask, dropout, causal);
        }
        Scope scope = Grad.enabled() && q.requires_grad() ? Scope.current() : null;
        // A node between q and what made it: its hook is the first to run after attention's own backward.
        Tensor source = scope == null ? q : torch.alias(q);
        Tensor y;
        try {
            TorchRuntime.blasThreads(1);
            y = attention(source, k, v, mask, dropout, causal);
        } finally {
            TorchRuntime.blasThreads(threads);
        }
        if (scope != null) {
            y.register_hook(scope.hold(new Switch(1)));
            source.register_hook(scope.hold(new Switch(threads)));
        }
        return y;
    }

    private static Tensor attention(Tensor q, Tensor k, Tensor v, TensorOptional mask, double dropout, boolean causal) {
        return torch.scaled_dot_product_attention(q, k, v, mask, dropout, causal, new DoubleOptional(), false);
    }

    /** Sets the BLAS's threads when the backward pass comes by. */
    private static final class Switch extends VoidTensorHook {
        private final int threads;

        Switch(int threads) {
            this.threads = threads;
        }

        @Override
        public void call(TensorBase gradient) {
            TorchRuntime.blasThreads(threads);
        }
    }
}
