package io.github.dyt4j.kernels;

import static io.github.dyt4j.kernels.Lanes.COUNT;
import static io.github.dyt4j.kernels.Lanes.F32;
import static io.github.dyt4j.kernels.Lanes.ORDER;
import static io.github.dyt4j.kernels.Lanes.all;
import static io.github.dyt4j.kernels.Memory.ALL;

import io.github.dyt4j.kernels.PointwiseColumn.Kind;
import io.github.dyt4j.kernels.PointwiseColumn.Parameters;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/**
 * The fused loops of y = γ·f(αx+s)+β, copied for each {@link PointwiseColumn.Kind} and called from there alone.
 *
 * <p>They are written for HotSpot's C2. It stops inlining our own methods once a compilation's graph has 18,000 nodes (a vector
 * operation is a few hundred), and a vector that meets a call that is not inlined goes to the heap, ten times slower. So backward is
 * two loops with a small scratch between, each loop is a compilation of its own, of our own methods only f's take vectors, and they
 * come first in a loop: the Vector API's own are always inlined.
 */
final class PointwiseLoop {
    private static final Kind KIND = Specialised.kind(MethodHandles.lookup(), Kind.class);
    private static final VectorSquash F = VectorSquash.of(KIND.squash());
    private static final boolean ALPHAS = KIND.alphaPerChannel();
    private static final boolean GAMMA = KIND.gamma();
    private static final boolean BETA = KIND.beta();

    private PointwiseLoop() {}

    static void forward(Parameters p, long column, long x, long y, int rows, long stride) {
        FloatVector alpha =
                ALPHAS ? FloatVector.fromMemorySegment(F32, ALL, p.alphas() + column, ORDER) : all(p.alpha());
        FloatVector shift = all(p.shift());
        FloatVector gamma = GAMMA ? FloatVector.fromMemorySegment(F32, ALL, p.gamma() + column, ORDER) : all(1);
        FloatVector beta = BETA ? FloatVector.fromMemorySegment(F32, ALL, p.beta() + column, ORDER) : all(0);
        for (int row = 0; row < rows; row++) {
            long at = row * stride;
            FloatVector u =
                    FloatVector.fromMemorySegment(F32, ALL, x + at, ORDER).fma(alpha, shift);
            FloatVector t = F.value(u, F.core(u));
            FloatVector scaled = GAMMA ? t.mul(gamma) : t;
            (BETA ? scaled.add(beta) : scaled).intoMemorySegment(ALL, y + at, ORDER);
        }
    }

    /** Of each row t and what f and f′ share, into scratch, behind each other. */
    static void recompute(Parameters p, long column, long x, int rows, long stride, float[] scratch) {
        FloatVector alpha =
                ALPHAS ? FloatVector.fromMemorySegment(F32, ALL, p.alphas() + column, ORDER) : all(p.alpha());
        FloatVector shift = all(p.shift());
        for (int row = 0; row < rows; row++) {
            FloatVector u = FloatVector.fromMemorySegment(F32, ALL, x + row * stride, ORDER)
                    .fma(alpha, shift);
            FloatVector core = F.core(u);
            FloatVector t = F.value(u, core);
            t.intoArray(scratch, 2 * COUNT * row);
            core.intoArray(scratch, 2 * COUNT * row + COUNT);
        }
    }

    /** From x, dy and scratch dx, unless its address is 0, and one vector each added to the sums. */
    static void gradients(
            Parameters p,
            long column,
            long x,
            long dy,
            long dx,
            int rows,
            long stride,
            long sumAlpha,
            long sumShift,
            long sumGamma,
            long sumBeta,
            float[] scratch) {
        FloatVector alpha =
                ALPHAS ? FloatVector.fromMemorySegment(F32, ALL, p.alphas() + column, ORDER) : all(p.alpha());
        FloatVector shift = all(p.shift());
        FloatVector gamma = GAMMA ? FloatVector.fromMemorySegment(F32, ALL, p.gamma() + column, ORDER) : all(1);
        FloatVector dAlpha = all(0);
        FloatVector dShift = all(0);
        FloatVector dGamma = all(0);
        FloatVector dBeta = all(0);
        for (int row = 0; row < rows; row++) {
            long at = row * stride;
            FloatVector xs = FloatVector.fromMemorySegment(F32, ALL, x + at, ORDER);
            FloatVector core = FloatVector.fromArray(F32, scratch, 2 * COUNT * row + COUNT);
            FloatVector slope = F.slope(xs.fma(alpha, shift), core);
            FloatVector dys = FloatVector.fromMemorySegment(F32, ALL, dy + at, ORDER);
            FloatVector g = (GAMMA ? dys.mul(gamma) : dys).mul(slope);
            if (dx != 0) {
                g.mul(alpha).intoMemorySegment(ALL, dx + at, ORDER);
            }
            dAlpha = g.fma(xs, dAlpha);
            dShift = dShift.add(g);
            dGamma = dys.fma(FloatVector.fromArray(F32, scratch, 2 * COUNT * row), dGamma);
            dBeta = dBeta.add(dys);
        }
        FloatVector.fromMemorySegment(F32, ALL, sumAlpha, ORDER).add(dAlpha).intoMemorySegment(ALL, sumAlpha, ORDER);
        FloatVector.fromMemorySegment(F32, ALL, sumShift, ORDER).add(dShift).intoMemorySegment(ALL, sumShift, ORDER);
        FloatVector.fromMemorySegment(F32, ALL, sumGamma, ORDER).add(dGamma).intoMemorySegment(ALL, sumGamma, ORDER);
        FloatVector.fromMemorySegment(F32, ALL, sumBeta, ORDER).add(dBeta).intoMemorySegment(ALL, sumBeta, ORDER);
    }
}
