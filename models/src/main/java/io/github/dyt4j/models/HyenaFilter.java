package io.github.dyt4j.models;

import io.github.dyt4j.torch.LongConvolution;
import io.github.dyt4j.torch.Parameters;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * The implicit filter of a long convolution (Poli et al. 2023, "Hyena Hierarchy", section 3.3): k_t = window(t) · FFN(features(t)), with
 * {@link HyenaPositions}' features and window, and an FFN of three layers whose activation is sin(w·x), w learned, one a hidden unit and the
 * same in all three. Beside k a learned d a channel, by which the input itself is added.
 */
final class HyenaFilter {
    private final HyenaPositions positions;
    private final Tensor bias;
    private final Linear first;
    private final Tensor freq;
    private final Linear second;
    private final Linear third;
    private final Tensor last;

    /**
     * Makes the filter.
     *
     * @param p the node {@code filter_fn}
     * @param order the FFN's width
     * @param w the start of the sines' frequencies
     */
    HyenaFilter(Parameters p, HyenaPositions positions, int channels, int embDim, int order, double w) {
        this.positions = positions;
        bias = p.parameter("bias", Init.normal(1, channels));
        Parameters ffn = p.child("implicit_filter");
        first = new Linear(ffn.child(0), embDim, order);
        freq = ffn.child(1).parameter("freq", Init.full(w, 1, order));
        second = new Linear(ffn.child(2), order, order);
        third = new Linear(ffn.child(4), order, order);
        last = ffn.child(6).parameter("weight", Init.normal(0.02, channels, order));
    }

    /** The convolution of (B, D, L) with the filter, of the same shape. */
    Tensor forward(Tensor u) { // (B, D, L)
        return LongConvolution.apply(u, kernel(u.size(2)), bias);
    }

    /** k of the lags 0 to l − 1. */
    Tensor kernel(long l) {
        Tensor h = sine(first.forward(positions.features(l))); // (L, order)
        h = sine(third.forward(sine(second.forward(h))));
        // Channels first, as the transforms read them.
        return torch.mm(last, h.t()).mul(positions.window(l)); // (D, L)
    }

    private Tensor sine(Tensor x) {
        return x.mul(freq).sin();
    }
}
