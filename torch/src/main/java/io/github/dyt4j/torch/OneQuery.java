package io.github.dyt4j.torch;

import io.github.dyt4j.kernels.Kernels;
import io.github.dyt4j.kernels.OneQueryCall;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * y = softmax(q·Kᵀ/√d)·V of one token over a cache in bf16 on a CPU, by this project's own kernel: libtorch's reads K and V at a fraction of
 * the memory's speed where there is one query. The probabilities stay f32.
 */
public final class OneQuery {
    private OneQuery() {}

    /**
     * Whether {@link #attention} does this: no graph is recorded, one token of one sequence, bf16 on the CPU, and the heads' keys and
     * values each contiguous and evenly apart, as a cache's are.
     */
    public static boolean takes(Tensor q, Tensor k, Tensor v) {
        return Kernels.hasVectors()
                && !Grad.enabled()
                && q.size(0) == 1
                && q.size(2) == 1
                && q.is_contiguous()
                && plain(q)
                && heads(k)
                && heads(v)
                && k.stride(1) == v.stride(1);
    }

    /**
     * @param q (1, H, 1, d)
     * @param k (1, Hkv, S, d), each head serving H / Hkv that follow one another; v likewise
     */
    public static Tensor attention(Tensor q, Tensor k, Tensor v) {
        int d = Math.toIntExact(q.size(3));
        int seen = Math.toIntExact(k.size(2));
        OneQueryCall call = new OneQueryCall(
                Math.toIntExact(q.size(1)), Math.toIntExact(k.size(1)), d, seen, k.stride(1), 1 / Math.sqrt(d));
        Tensor y = torch.empty_like(q);
        Kernels.oneQuery().forward(call, Memory.address(q), Memory.address(k), Memory.address(v), Memory.address(y));
        Memory.keepAlive(q, k, v, y);
        return y; // (1, H, 1, d)
    }

    private static boolean heads(Tensor t) {
        long d = t.size(3);
        return plain(t) && t.stride(3) == 1 && t.stride(2) == d && t.stride(1) >= t.size(2) * d;
    }

    private static boolean plain(Tensor t) {
        return Memory.type(t) == ScalarType.BFloat16 && t.is_cpu();
    }
}
