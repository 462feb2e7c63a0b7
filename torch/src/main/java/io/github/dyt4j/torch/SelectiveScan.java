package io.github.dyt4j.torch;

import io.github.dyt4j.kernels.Kernels;
import io.github.dyt4j.kernels.ScanCall;
import io.github.dyt4j.kernels.ScanKernel;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * {@code h_t = exp(Δ_t·A)·h_{t−1} + Δ_t·B_t·u_t}, {@code y_t = Σ_n C_t[n]·h_t[:, n] + D·u_t}, h_{−1} = 0: the selective scan (Gu and Dao
 * 2023, "Mamba", section 3; zero-order hold for A, Euler for B as in their code), in one pass forward and one backward, in f32.
 *
 * <p>Time is O(L·D·N), memory O(L·(D + N)): of the states, every 32nd (or every N-th) is kept and backward computes the others again.
 */
public final class SelectiveScan {
    private SelectiveScan() {}

    /**
     * y (B, L, D) f32, differentiable with respect to all six, within the {@link Scope} of a step. Inputs of another dtype are cast, and what
     * is not contiguous is copied.
     *
     * @param u (B, L, D)
     * @param delta Δ (B, L, D), at least 0
     * @param a A (D, N), at most 0
     * @param b B (B, L, N), c likewise
     * @param d D (D)
     * @throws IllegalArgumentException where the shapes do not fit each other
     */
    public static Tensor apply(Tensor u, Tensor delta, Tensor a, Tensor b, Tensor c, Tensor d) {
        ScanCall call = call(u, delta, a, b, c, d);
        // Casts and copies are part of the graph, which turns the gradients back.
        List<Tensor> inputs = Stream.of(u, delta, a, b, c, d)
                .map(x -> x.to(ScalarType.Float).contiguous())
                .toList();
        boolean graph = Grad.enabled() && inputs.stream().anyMatch(Tensor::requires_grad);
        Tensor y;
        Tensor kept;
        try (var _ = Grad.off()) {
            y = Tensors.empty(call.batch(), call.length(), call.channels());
            kept = Tensors.empty(graph ? call.kept() : 0);
            Kernels.scan().forward(call, addresses(inputs), Memory.address(y), graph ? Memory.address(kept) : 0);
            keepAlive(inputs);
        }
        if (!graph) {
            return y;
        }
        List<Boolean> wanted = inputs.stream().map(Tensor::requires_grad).toList();
        List<Tensor> saved = inputs.stream().map(Tensor::detach).toList();
        return Splice.joined(
                inputs,
                y,
                Stream.concat(saved.stream(), Stream.of(kept)).toList(),
                dy -> backward(call, saved, kept, dy, wanted));
    }

    private static @Nullable Tensor[] backward(
            ScanCall call, List<Tensor> inputs, Tensor kept, Tensor dy, List<Boolean> wanted) {
        @Nullable Tensor[] gradients = new Tensor[wanted.size()];
        Arrays.setAll(gradients, i -> wanted.get(i) ? torch.empty_like(inputs.get(i)) : null);
        try (var _ = new Scope()) { // the scratch goes at once
            Tensor scratch = Tensors.empty(call.scratch());
            long[] to = Arrays.stream(gradients).mapToLong(Memory::address).toArray();
            Kernels.scan()
                    .backward(
                            call,
                            addresses(inputs),
                            Memory.address(kept),
                            Memory.address(dy),
                            new ScanKernel.Gradients(to[0], to[1], to[2], to[3], to[4], to[5]),
                            Memory.address(scratch));
            Memory.keepAlive(kept, dy, scratch);
            keepAlive(inputs);
            Memory.keepAlive(gradients);
        }
        return gradients;
    }

    private static ScanKernel.Inputs addresses(List<Tensor> inputs) {
        long[] at = inputs.stream().mapToLong(Memory::address).toArray();
        return new ScanKernel.Inputs(at[0], at[1], at[2], at[3], at[4], at[5]);
    }

    private static void keepAlive(List<Tensor> tensors) {
        Memory.keepAlive(tensors.toArray(Tensor[]::new));
    }

    private static ScanCall call(Tensor u, Tensor delta, Tensor a, Tensor b, Tensor c, Tensor d) {
        boolean ranks = u.dim() == 3 && a.dim() == 2;
        if (ranks) {
            long batch = u.size(0);
            long length = u.size(1);
            long channels = u.size(2);
            long states = a.size(1);
            if (is(delta, batch, length, channels)
                    && is(a, channels, states)
                    && is(b, batch, length, states)
                    && is(c, batch, length, states)
                    && is(d, channels)) {
                return new ScanCall(batch, length, Math.toIntExact(channels), Math.toIntExact(states));
            }
        }
        String shapes = String.join(
                ", ",
                Stream.of(u, delta, a, b, c, d)
                        .map(x -> Arrays.toString(Tensors.shape(x)))
                        .toList());
        throw new IllegalArgumentException(
                "a scan takes u and Δ (B, L, D), A (D, N), B and C (B, L, N) and D (D), got " + shapes);
    }

    private static boolean is(Tensor t, long... shape) {
        return Arrays.equals(Tensors.shape(t), shape);
    }
}
