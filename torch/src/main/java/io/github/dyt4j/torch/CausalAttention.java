package io.github.dyt4j.torch;

import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.kernels.Kernels;
import io.github.dyt4j.kernels.RotaryCall;
import io.github.dyt4j.kernels.ScoreCall;
import java.util.List;
import org.bytedeco.pytorch.MemoryFormatOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Self-attention with rotary positions for training: of qkv (B, T, (H + 2·Hkv)·d), the queries, keys and values of each token side by side,
 * softmax(turn(q)·turn(k)ᵀ/√d)·v over each token and those before it, (B, T, H·d).
 *
 * <p>Forward is libtorch's fused kernel. Its backward is not used: in bf16 on a CPU it takes many times its forward. This one computes
 * the probabilities P again in blocks, in f32, with D = rowsum(dy ∘ y): dv = Pᵀ·dy, dS = P ∘ (dy·vᵀ − D), dq = dS·k/√d, dk = dSᵀ·q/√d
 * (Dao et al. 2022, appendix B.2), so memory stays linear in T.
 */
public final class CausalAttention {
    /** Probabilities in a block: few enough to stay in a cache, and enough to keep all cores busy. */
    private static final long BLOCK = 1 << 21;

    private static final long ROWS = 512;

    private final int heads;
    private final int kvHeads;
    private final int headDim;

    public CausalAttention(int heads, int kvHeads, int headDim) {
        this.heads = heads;
        this.kvHeads = kvHeads;
        this.headDim = headDim;
    }

    /** @param cos (T, d/2) f32 of each position's angles; sin likewise */
    public Tensor forward(Tensor qkv, Tensor cos, Tensor sin) { // (B, T, (H + 2·Hkv)·d)
        Tensor q;
        Tensor k;
        Tensor v;
        Tensor y;
        try (var _ = Grad.off()) {
            q = turn(part(qkv, 0, heads), cos, sin); // (B, H, T, d)
            k = turn(part(qkv, heads, kvHeads), cos, sin); // (B, Hkv, T, d)
            v = part(qkv, heads + kvHeads, kvHeads);
            y = FusedAttention.of(q, grouped(k), grouped(v), new TensorOptional(), 0, true)
                    .transpose(1, 2)
                    .flatten(2, 3); // (B, T, H·d)
        }
        if (!Grad.enabled() || !qkv.requires_grad()) {
            return y;
        }
        Tensor saved = y.detach();
        return Splice.narrowed(qkv, y, List.of(q, k, v, saved, cos, sin), dy -> backward(q, k, v, saved, dy, cos, sin));
    }

    private Tensor part(Tensor qkv, int from, int count) {
        return qkv.detach()
                .narrow(-1, (long) from * headDim, (long) count * headDim)
                .unflatten(-1, new long[] {count, headDim})
                .transpose(1, 2); // (B, count, T, d)
    }

    /** x (B, H, T, d) turned: the pairs (x_i, x_{i+d/2}) by their position's angles; without a graph, in f32, of x's dtype. */
    public static Tensor turn(Tensor x, Tensor cos, Tensor sin) {
        Tensor y = torch.empty(Tensors.shape(x), x.options(), new MemoryFormatOptional());
        turn(x, cos, sin, 1, y);
        return y;
    }

    /** Into y, whose last axis lies together, as x's must. */
    private static void turn(Tensor x, Tensor cos, Tensor sin, int sign, Tensor y) {
        Dtype in = Memory.dtype(x);
        Dtype out = Memory.dtype(y);
        if (in == null || out == null || x.stride(-1) != 1) {
            turnByOperations(x, cos, sign < 0 ? sin.neg() : sin, y);
            return;
        }
        RotaryCall call = new RotaryCall(
                in, out, x.size(0), x.size(1), x.size(2), Math.toIntExact(x.size(3) / 2), strides(x), strides(y), sign);
        Tensor c = cos.contiguous();
        Tensor s = sin.contiguous();
        Kernels.rotary().turn(call, Memory.address(x), Memory.address(c), Memory.address(s), Memory.address(y));
        Memory.keepAlive(x, c, s, y);
    }

    private static RotaryCall.Strides strides(Tensor t) {
        return new RotaryCall.Strides(t.stride(0), t.stride(1), t.stride(2));
    }

    /** For f64 and f16, which have no kernel. */
    private static void turnByOperations(Tensor x, Tensor cos, Tensor sin, Tensor y) {
        long half = x.size(-1) / 2;
        Tensor a = x.narrow(-1, 0, half);
        Tensor b = x.narrow(-1, half, half);
        y.narrow(-1, 0, half).copy_(a.mul(cos).sub_(b.mul(sin)));
        y.narrow(-1, half, half).copy_(b.mul(cos).add_(a.mul(sin)));
    }

    /** Each head of keys as often as it has heads of queries. */
    private Tensor grouped(Tensor x) { // (B, Hkv, T, d)
        long group = heads / kvHeads;
        return group == 1
                ? x
                : x.unsqueeze(2)
                        .expand(x.size(0), kvHeads, group, x.size(2), headDim)
                        .flatten(1, 2); // (B, H, T, d)
    }

    private Tensor backward(Tensor q, Tensor k, Tensor v, Tensor y, Tensor dy, Tensor cos, Tensor sin) {
        long b = q.size(0);
        long t = q.size(2);
        int group = heads / kvHeads;
        Tensor dqkv = torch.empty(
                new long[] {b, t, (long) (heads + 2 * kvHeads) * headDim}, q.options(), new MemoryFormatOptional());
        Tensor o = heads(y, b, t);
        Tensor dO = heads(dy, b, t); // (B·Hkv, group, T, d)
        Tensor qs = q.reshape(b * kvHeads, group, t, headDim);
        Tensor ks = k.reshape(b * kvHeads, t, headDim);
        Tensor vs = v.reshape(b * kvHeads, t, headDim);
        Tensor dq = torch.empty(new long[] {b * kvHeads, group, t, headDim});
        Tensor dk = torch.zeros(new long[] {b * kvHeads, t, headDim});
        Tensor dv = torch.zeros(new long[] {b * kvHeads, t, headDim});
        long chunk = Math.max(1, BLOCK / (group * Math.min(t, ROWS) * t));
        for (long h = 0; h < b * kvHeads; h += chunk) {
            long n = Math.min(chunk, b * kvHeads - h);
            for (long from = 0; from < t; from += ROWS) {
                long rows = Math.min(ROWS, t - from);
                try (var _ = new Scope()) {
                    block(
                            qs.narrow(0, h, n).narrow(2, from, rows),
                            ks.narrow(0, h, n).narrow(1, 0, from + rows),
                            vs.narrow(0, h, n).narrow(1, 0, from + rows),
                            o.narrow(0, h, n).narrow(2, from, rows),
                            dO.narrow(0, h, n).narrow(2, from, rows),
                            dq.narrow(0, h, n).narrow(2, from, rows),
                            dk.narrow(0, h, n).narrow(1, 0, from + rows),
                            dv.narrow(0, h, n).narrow(1, 0, from + rows));
                }
            }
        }
        turn(dq.view(b, heads, t, headDim), cos, sin, -1, part(dqkv, 0, heads));
        turn(dk.view(b, kvHeads, t, headDim), cos, sin, -1, part(dqkv, heads, kvHeads));
        part(dqkv, heads + kvHeads, kvHeads).copy_(dv.view(b, kvHeads, t, headDim));
        return dqkv;
    }

    private Tensor heads(Tensor x, long b, long t) { // (B, T, H·d)
        return x.view(b, t, heads, headDim)
                .transpose(1, 2)
                .reshape(b * kvHeads, heads / kvHeads, t, headDim); // (B·Hkv, group, T, d)
    }

    /**
     * Queries (n, group, R, d) at the end of keys (n, S, d); the heads of a group are more rows of one product. Scores and their gradients
     * are f32; the products that they go into are of the inputs' dtype.
     */
    private void block(Tensor q, Tensor k, Tensor v, Tensor o, Tensor dO, Tensor dq, Tensor dk, Tensor dv) {
        long n = q.size(0);
        long rows = q.size(2);
        long s = k.size(1);
        ScalarType type = Memory.type(q);
        Tensor q2 = q.reshape(n, -1, headDim); // (n, group·R, d)
        Tensor dO2 = dO.reshape(n, -1, headDim);
        Tensor dOf = dO2.to(ScalarType.Float);
        Tensor scores; // (n, group·R, S)
        Tensor dP; // (n, group·R, S)
        try (var _ = Bf16Products.on(type == ScalarType.BFloat16)) {
            scores = torch.bmm(q2.to(ScalarType.Float), k.to(ScalarType.Float).transpose(1, 2));
            dP = torch.bmm(dOf, v.to(ScalarType.Float).transpose(1, 2));
        }
        Tensor d = dOf.mul(o.reshape(n, -1, headDim)).sum(-1); // (n, group·R)
        // What is f32 is written where it was read.
        Tensor p = type == ScalarType.Float
                ? scores
                : torch.empty_like(scores, new TensorOptions(type), new MemoryFormatOptional());
        Tensor dS = type == ScalarType.Float ? dP : torch.empty_like(p);
        Kernels.scores()
                .backward(
                        new ScoreCall(
                                type == ScalarType.BFloat16 ? Dtype.BF16 : Dtype.F32,
                                n * (heads / kvHeads),
                                Math.toIntExact(rows),
                                Math.toIntExact(s),
                                Math.toIntExact(s - rows),
                                1 / Math.sqrt(headDim)),
                        Memory.address(scores),
                        Memory.address(dP),
                        Memory.address(d),
                        Memory.address(p),
                        Memory.address(dS));
        Memory.keepAlive(scores, dP, d, p, dS);
        dv.add_(torch.bmm(p.transpose(1, 2), dO2));
        dq.copy_(torch.bmm(dS, k).view(n, -1, rows, headDim));
        dk.add_(torch.bmm(dS.transpose(1, 2), q2));
    }
}
