package io.github.dyt4j.kernels;

import static io.github.dyt4j.kernels.Lanes.COUNT;
import static io.github.dyt4j.kernels.Lanes.F32;
import static io.github.dyt4j.kernels.Lanes.ORDER;
import static io.github.dyt4j.kernels.Memory.ALL;

import io.github.dyt4j.kernels.PointwisePasses.Cycle;
import io.github.dyt4j.kernels.PointwisePasses.Kind;
import io.github.dyt4j.kernels.PointwisePasses.Parameters;
import io.github.dyt4j.kernels.PointwisePasses.Sums;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The fused loops of y = γ·f(αx+s)+β, copied for each {@link PointwisePasses.Kind} and called from there alone.
 *
 * <p>They are written for HotSpot's C2. It stops inlining our own methods once a compilation's graph has 18,000 nodes (a vector
 * operation is a few hundred), and a vector that meets a call that is not inlined goes to the heap, ten times slower. So each loop is a
 * compilation of its own, of our own methods few take vectors, and f's come first in a loop: the Vector API's own are always inlined.
 */
final class PointwiseLoop {
    private static final Kind KIND = Specialised.kind(MethodHandles.lookup(), Kind.class);
    private static final VectorSquash F = VectorSquash.of(KIND.squash(), KIND.accuracy());
    private static final boolean ALPHAS = KIND.alphaPerChannel();
    private static final boolean SHIFT = KIND.shift();
    private static final boolean GAMMA = KIND.gamma();
    private static final boolean BETA = KIND.beta();
    private static final boolean RESIDUAL = KIND.residual();
    private static final boolean DX = KIND.dx();
    private static final boolean DGAMMA = KIND.dGamma();
    private static final boolean DBETA = KIND.dBeta();
    private static final boolean CUT = KIND.cut();
    private static final boolean BF16 = KIND.dtype() == Dtype.BF16;
    private static final int STEP = 4 * COUNT;

    private PointwiseLoop() {}

    static void forward(Parameters p, Cycle cycle, long x, long branch, long sum, long y, int vectors) {
        FloatVector shift = FloatVector.broadcast(F32, p.shift());
        FloatVector one = FloatVector.broadcast(F32, p.alpha());
        // Locals: the compiler takes a write to native memory for one to any field.
        long begin = cycle.begin();
        long step = cycle.step();
        int round = cycle.vectors();
        long alphas = p.alphas();
        long gamma = p.gamma();
        long beta = p.beta();
        for (int done = 0; done < vectors; done += round) {
            int some = Math.min(round, vectors - done);
            long from = (long) STEP * done;
            for (int i = 0; i < some; i++) {
                long column = begin + step * i;
                long at = from + (long) STEP * i;
                FloatVector xs = FloatVector.fromMemorySegment(F32, ALL, x + at, ORDER);
                if (RESIDUAL) {
                    FloatVector added = xs.add(FloatVector.fromMemorySegment(F32, ALL, branch + at, ORDER));
                    xs = BF16 ? Lanes.roundToBf16(added) : added;
                    xs.intoMemorySegment(ALL, sum + at, ORDER);
                }
                FloatVector alpha = ALPHAS ? FloatVector.fromMemorySegment(F32, ALL, alphas + column, ORDER) : one;
                FloatVector u = SHIFT ? xs.fma(alpha, shift) : xs.mul(alpha);
                FloatVector t = F.value(u);
                FloatVector out;
                if (GAMMA && BETA) {
                    out = t.fma(
                            FloatVector.fromMemorySegment(F32, ALL, gamma + column, ORDER),
                            FloatVector.fromMemorySegment(F32, ALL, beta + column, ORDER));
                } else if (GAMMA) {
                    out = t.mul(FloatVector.fromMemorySegment(F32, ALL, gamma + column, ORDER));
                } else {
                    out = BETA ? t.add(FloatVector.fromMemorySegment(F32, ALL, beta + column, ORDER)) : t;
                }
                out.intoMemorySegment(ALL, y + at, ORDER);
            }
        }
    }

    static void backward(Parameters p, Cycle cycle, long x, long dy, long dSum, long dx, int vectors, Sums sums) {
        FloatVector shift = FloatVector.broadcast(F32, p.shift());
        FloatVector one = FloatVector.broadcast(F32, p.alpha());
        FloatVector dAlpha = FloatVector.zero(F32);
        FloatVector dShift = FloatVector.zero(F32);
        // Locals: the compiler takes a write to native memory for one to any field.
        long begin = cycle.begin();
        long step = cycle.step();
        int round = cycle.vectors();
        long alphas = p.alphas();
        long gamma = p.gamma();
        long dAlphas = sums.alpha();
        long dGamma = sums.gamma();
        long dBeta = sums.beta();
        for (int done = 0; done < vectors; done += round) {
            int some = Math.min(round, vectors - done);
            long from = (long) STEP * done;
            for (int i = 0; i < some; i++) {
                long column = begin + step * i;
                long at = from + (long) STEP * i;
                FloatVector xs = FloatVector.fromMemorySegment(F32, ALL, x + at, ORDER);
                FloatVector alpha = ALPHAS ? FloatVector.fromMemorySegment(F32, ALL, alphas + column, ORDER) : one;
                FloatVector u = SHIFT ? xs.fma(alpha, shift) : xs.mul(alpha);
                FloatVector core = F.core(u);
                FloatVector t = F.value(u, core);
                FloatVector slope = F.slope(u, core);
                FloatVector dys = FloatVector.fromMemorySegment(F32, ALL, dy + at, ORDER);
                if (DGAMMA) {
                    dys.fma(t, FloatVector.fromMemorySegment(F32, ALL, dGamma + column, ORDER))
                            .intoMemorySegment(ALL, dGamma + column, ORDER);
                }
                if (DBETA) {
                    dys.add(FloatVector.fromMemorySegment(F32, ALL, dBeta + column, ORDER))
                            .intoMemorySegment(ALL, dBeta + column, ORDER);
                }
                FloatVector scaled =
                        GAMMA ? dys.mul(FloatVector.fromMemorySegment(F32, ALL, gamma + column, ORDER)) : dys;
                FloatVector g = scaled.mul(slope);
                if (DX) {
                    FloatVector out = RESIDUAL
                            ? g.fma(alpha, FloatVector.fromMemorySegment(F32, ALL, dSum + at, ORDER))
                            : g.mul(alpha);
                    out.intoMemorySegment(ALL, dx + at, ORDER);
                }
                if (ALPHAS) {
                    g.fma(xs, FloatVector.fromMemorySegment(F32, ALL, dAlphas + column, ORDER))
                            .intoMemorySegment(ALL, dAlphas + column, ORDER);
                } else {
                    dAlpha = g.fma(xs, dAlpha);
                }
                if (SHIFT) {
                    dShift = dShift.add(g);
                }
            }
        }
        if (!ALPHAS) {
            FloatVector.fromMemorySegment(F32, ALL, sums.alpha(), ORDER)
                    .add(dAlpha)
                    .intoMemorySegment(ALL, sums.alpha(), ORDER);
        }
        FloatVector.fromMemorySegment(F32, ALL, sums.shift(), ORDER)
                .add(dShift)
                .intoMemorySegment(ALL, sums.shift(), ORDER);
    }

    static void quantize(Parameters p, Cycle cycle, long x, long q, float scale, int vectors) {
        FloatVector shift = FloatVector.broadcast(F32, p.shift());
        FloatVector one = FloatVector.broadcast(F32, p.alpha());
        FloatVector steps = FloatVector.broadcast(F32, 1 / scale);
        // Locals: the compiler takes a write to native memory for one to any field.
        long begin = cycle.begin();
        long step = cycle.step();
        int round = cycle.vectors();
        long alphas = p.alphas();
        long gamma = p.gamma();
        long beta = p.beta();
        for (int done = 0; done < vectors; done += round) {
            int some = Math.min(round, vectors - done);
            long from = (long) STEP * done;
            for (int i = 0; i < some; i++) {
                long column = begin + step * i;
                FloatVector xs = FloatVector.fromMemorySegment(F32, ALL, x + from + (long) STEP * i, ORDER);
                FloatVector alpha = ALPHAS ? FloatVector.fromMemorySegment(F32, ALL, alphas + column, ORDER) : one;
                FloatVector u = SHIFT ? xs.fma(alpha, shift) : xs.mul(alpha);
                FloatVector t = F.value(u);
                FloatVector y;
                if (GAMMA && BETA) {
                    y = t.fma(
                            FloatVector.fromMemorySegment(F32, ALL, gamma + column, ORDER),
                            FloatVector.fromMemorySegment(F32, ALL, beta + column, ORDER));
                } else if (GAMMA) {
                    y = t.mul(FloatVector.fromMemorySegment(F32, ALL, gamma + column, ORDER));
                } else {
                    y = BETA ? t.add(FloatVector.fromMemorySegment(F32, ALL, beta + column, ORDER)) : t;
                }
                FloatVector v = y.mul(steps);
                IntVector bytes = Lanes.bytesOf(CUT ? Lanes.cutToByte(v) : v);
                // A NaN would leave what its payload says.
                bytes = bytes.blend(0, v.compare(VectorOperators.NE, v).cast(bytes.species()));
                Lanes.storeU8(bytes, q + (from >> 2) + (long) COUNT * i);
            }
        }
    }
}
