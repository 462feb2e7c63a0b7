package io.github.dyt4j.kernels;

import static io.github.dyt4j.kernels.Lanes.COUNT;
import static io.github.dyt4j.kernels.Lanes.F32;
import static io.github.dyt4j.kernels.Lanes.ORDER;
import static io.github.dyt4j.kernels.Lanes.all;
import static io.github.dyt4j.kernels.Memory.ALL;

import io.github.dyt4j.kernels.PointwisePasses.Cycle;
import io.github.dyt4j.kernels.PointwisePasses.Kind;
import io.github.dyt4j.kernels.PointwisePasses.Parameters;
import io.github.dyt4j.kernels.PointwisePasses.Sums;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/**
 * The fused loops of y = γ·f(αx+s)+β, copied for each {@link PointwisePasses.Kind} and called from there alone.
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
    private static final int STEP = 4 * COUNT;

    private PointwiseLoop() {}

    static void forward(Parameters p, Cycle cycle, long x, long y, int vectors) {
        FloatVector shift = all(p.shift());
        FloatVector one = all(p.alpha());
        long column = cycle.begin();
        for (int i = 0; i < vectors; i++) {
            long at = (long) STEP * i;
            FloatVector alpha = ALPHAS ? FloatVector.fromMemorySegment(F32, ALL, p.alphas() + column, ORDER) : one;
            FloatVector u =
                    FloatVector.fromMemorySegment(F32, ALL, x + at, ORDER).fma(alpha, shift);
            FloatVector t = F.value(u, F.core(u));
            FloatVector scaled = GAMMA ? t.mul(FloatVector.fromMemorySegment(F32, ALL, p.gamma() + column, ORDER)) : t;
            FloatVector out =
                    BETA ? scaled.add(FloatVector.fromMemorySegment(F32, ALL, p.beta() + column, ORDER)) : scaled;
            out.intoMemorySegment(ALL, y + at, ORDER);
            column = column + STEP < cycle.end() ? column + STEP : cycle.begin();
        }
    }

    /** Of each vector t and what f and f′ share, into scratch, behind each other. */
    static void recompute(Parameters p, Cycle cycle, long from, long x, int vectors, float[] scratch) {
        FloatVector shift = all(p.shift());
        FloatVector one = all(p.alpha());
        long column = from;
        for (int i = 0; i < vectors; i++) {
            FloatVector alpha = ALPHAS ? FloatVector.fromMemorySegment(F32, ALL, p.alphas() + column, ORDER) : one;
            FloatVector u = FloatVector.fromMemorySegment(F32, ALL, x + (long) STEP * i, ORDER)
                    .fma(alpha, shift);
            FloatVector core = F.core(u);
            F.value(u, core).intoArray(scratch, 2 * COUNT * i);
            core.intoArray(scratch, 2 * COUNT * i + COUNT);
            column = column + STEP < cycle.end() ? column + STEP : cycle.begin();
        }
    }

    /** From x, dy and scratch dx, unless its address is 0, and the sums. */
    static void gradients(
            Parameters p, Cycle cycle, long from, long x, long dy, long dx, int vectors, Sums sums, float[] scratch) {
        FloatVector shift = all(p.shift());
        FloatVector one = all(p.alpha());
        FloatVector dAlpha = all(0);
        FloatVector dShift = all(0);
        long column = from;
        for (int i = 0; i < vectors; i++) {
            long at = (long) STEP * i;
            FloatVector alpha = ALPHAS ? FloatVector.fromMemorySegment(F32, ALL, p.alphas() + column, ORDER) : one;
            FloatVector xs = FloatVector.fromMemorySegment(F32, ALL, x + at, ORDER);
            FloatVector core = FloatVector.fromArray(F32, scratch, 2 * COUNT * i + COUNT);
            FloatVector slope = F.slope(xs.fma(alpha, shift), core);
            FloatVector dys = FloatVector.fromMemorySegment(F32, ALL, dy + at, ORDER);
            FloatVector scaled =
                    GAMMA ? dys.mul(FloatVector.fromMemorySegment(F32, ALL, p.gamma() + column, ORDER)) : dys;
            FloatVector g = scaled.mul(slope);
            if (dx != 0) {
                g.mul(alpha).intoMemorySegment(ALL, dx + at, ORDER);
            }
            if (ALPHAS) {
                g.fma(xs, FloatVector.fromMemorySegment(F32, ALL, sums.alpha() + column, ORDER))
                        .intoMemorySegment(ALL, sums.alpha() + column, ORDER);
            } else {
                dAlpha = g.fma(xs, dAlpha);
            }
            dShift = dShift.add(g);
            FloatVector t = FloatVector.fromArray(F32, scratch, 2 * COUNT * i);
            dys.fma(t, FloatVector.fromMemorySegment(F32, ALL, sums.gamma() + column, ORDER))
                    .intoMemorySegment(ALL, sums.gamma() + column, ORDER);
            dys.add(FloatVector.fromMemorySegment(F32, ALL, sums.beta() + column, ORDER))
                    .intoMemorySegment(ALL, sums.beta() + column, ORDER);
            column = column + STEP < cycle.end() ? column + STEP : cycle.begin();
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
}
