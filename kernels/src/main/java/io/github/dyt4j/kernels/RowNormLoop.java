package io.github.dyt4j.kernels;

import static io.github.dyt4j.kernels.Lanes.COUNT;
import static io.github.dyt4j.kernels.Lanes.F32;
import static io.github.dyt4j.kernels.Lanes.ORDER;
import static io.github.dyt4j.kernels.Memory.ALL;

import io.github.dyt4j.kernels.RowNormRow.Kind;
import io.github.dyt4j.kernels.RowNormRow.Parameters;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * The loops of LayerNorm and RMSNorm, copied for each {@link RowNormRow.Kind} and called from there alone. A row is read again from the
 * first-level cache for each pass. Flat, for the reason that {@link PointwiseLoop} names.
 *
 * <p>Where rows go in pairs, names with a 2 are the second row's; in the other copies they are the first's again, and what is done with
 * them is dropped by the compiler.
 */
final class RowNormLoop {
    private static final Kind KIND = Specialised.kind(MethodHandles.lookup(), Kind.class);
    private static final boolean CENTERED = KIND.centered();
    private static final boolean GAMMA = KIND.gamma();
    private static final boolean BETA = KIND.beta();
    private static final boolean RAGGED = KIND.ragged();
    private static final boolean RESIDUAL = KIND.residual();
    private static final boolean BF16 = KIND.dtype() == Dtype.BF16;
    private static final boolean PAIR = KIND.pair();
    private static final int ROWS = PAIR ? 2 : 1;
    private static final int STEP = 4 * COUNT;

    private RowNormLoop() {}

    /** Three readings of a row: the mean, the variance about it, y; RMSNorm has no mean. */
    static void forward(Parameters p, long x, long branch, long sum, long y, long mean, long rstd, int rows) {
        int vectors = p.vectors();
        int n = p.channels();
        long stride = (long) vectors * STEP;
        long source = RESIDUAL ? sum : x;
        for (int row = 0; row < rows; row += ROWS) {
            long at = row * stride;
            if (RESIDUAL) {
                for (int j = 0; j < ROWS * vectors; j++) {
                    long i = at + (long) STEP * j;
                    FloatVector added = FloatVector.fromMemorySegment(F32, ALL, x + i, ORDER)
                            .add(FloatVector.fromMemorySegment(F32, ALL, branch + i, ORDER));
                    (BF16 ? Lanes.roundToBf16(added) : added).intoMemorySegment(ALL, sum + i, ORDER);
                }
            }
            long in = source + at;
            long in2 = PAIR ? in + stride : in;
            float mu = 0;
            float mu2 = 0;
            if (CENTERED) {
                FloatVector sums = FloatVector.zero(F32);
                FloatVector sums2 = FloatVector.zero(F32);
                for (int j = 0; j < vectors; j++) {
                    long column = (long) STEP * j;
                    sums = sums.add(FloatVector.fromMemorySegment(F32, ALL, in + column, ORDER));
                    if (PAIR) {
                        sums2 = sums2.add(FloatVector.fromMemorySegment(F32, ALL, in2 + column, ORDER));
                    }
                }
                mu = Lanes.sum(sums) / n;
                mu2 = PAIR ? Lanes.sum(sums2) / n : mu;
            }
            FloatVector mus = FloatVector.broadcast(F32, mu);
            FloatVector mus2 = FloatVector.broadcast(F32, mu2);
            FloatVector squares = FloatVector.zero(F32);
            FloatVector squares2 = FloatVector.zero(F32);
            for (int j = 0; j < vectors; j++) {
                long column = (long) STEP * j;
                FloatVector v = FloatVector.fromMemorySegment(F32, ALL, in + column, ORDER);
                FloatVector v2 = PAIR ? FloatVector.fromMemorySegment(F32, ALL, in2 + column, ORDER) : v;
                FloatVector d = CENTERED ? v.sub(mus) : v;
                FloatVector d2 = CENTERED ? v2.sub(mus2) : v2;
                if (CENTERED && RAGGED) {
                    FloatVector inside = FloatVector.fromMemorySegment(F32, ALL, p.inside() + column, ORDER);
                    d = d.mul(inside);
                    d2 = d2.mul(inside);
                }
                squares = d.fma(d, squares);
                if (PAIR) {
                    squares2 = d2.fma(d2, squares2);
                }
            }
            float r = (float) (1 / Math.sqrt(Lanes.sum(squares) / n + p.eps()));
            float r2 = PAIR ? (float) (1 / Math.sqrt(Lanes.sum(squares2) / n + p.eps())) : r;
            FloatVector rs = FloatVector.broadcast(F32, r);
            FloatVector rs2 = FloatVector.broadcast(F32, r2);
            long out = y + at;
            for (int j = 0; j < vectors; j++) {
                long column = (long) STEP * j;
                FloatVector v = FloatVector.fromMemorySegment(F32, ALL, in + column, ORDER);
                FloatVector v2 = PAIR ? FloatVector.fromMemorySegment(F32, ALL, in2 + column, ORDER) : v;
                FloatVector h = (CENTERED ? v.sub(mus) : v).mul(rs);
                FloatVector h2 = (CENTERED ? v2.sub(mus2) : v2).mul(rs2);
                if (GAMMA && BETA) {
                    FloatVector gamma = FloatVector.fromMemorySegment(F32, ALL, p.gamma() + column, ORDER);
                    FloatVector beta = FloatVector.fromMemorySegment(F32, ALL, p.beta() + column, ORDER);
                    h = h.fma(gamma, beta);
                    h2 = h2.fma(gamma, beta);
                } else if (GAMMA) {
                    FloatVector gamma = FloatVector.fromMemorySegment(F32, ALL, p.gamma() + column, ORDER);
                    h = h.mul(gamma);
                    h2 = h2.mul(gamma);
                } else if (BETA) {
                    FloatVector beta = FloatVector.fromMemorySegment(F32, ALL, p.beta() + column, ORDER);
                    h = h.add(beta);
                    h2 = h2.add(beta);
                }
                h.intoMemorySegment(ALL, out + column, ORDER);
                if (PAIR) {
                    h2.intoMemorySegment(ALL, out + stride + column, ORDER);
                }
            }
            if (mean != 0) {
                Memory.f32(mean, row, mu);
                Memory.f32(mean, row + ROWS - 1, mu2);
            }
            if (rstd != 0) {
                Memory.f32(rstd, row, r);
                Memory.f32(rstd, row + ROWS - 1, r2);
            }
        }
    }

    /** Two readings of a row: the sums over it with dγ and dβ, then dx = rstd·g + a·(x−μ) + b, a = −rstd²·mean(g·x̂), b = −rstd·mean g. */
    static void backward(
            Parameters p,
            long x,
            long mean,
            long rstd,
            long dy,
            long dSum,
            long dx,
            long dGamma,
            long dBeta,
            int rows) {
        int vectors = p.vectors();
        float n = p.channels();
        long stride = (long) vectors * STEP;
        for (int row = 0; row < rows; row += ROWS) {
            long in = x + row * stride;
            long in2 = PAIR ? in + stride : in;
            long up = dy + row * stride;
            long up2 = PAIR ? up + stride : up;
            float r = Memory.f32(rstd, row);
            float r2 = Memory.f32(rstd, row + ROWS - 1);
            FloatVector mus = FloatVector.broadcast(F32, CENTERED ? Memory.f32(mean, row) : 0);
            FloatVector mus2 = FloatVector.broadcast(F32, CENTERED ? Memory.f32(mean, row + ROWS - 1) : 0);
            FloatVector rs = FloatVector.broadcast(F32, r);
            FloatVector rs2 = FloatVector.broadcast(F32, r2);
            FloatVector sumG = FloatVector.zero(F32);
            FloatVector sumG2 = FloatVector.zero(F32);
            FloatVector sumGX = FloatVector.zero(F32);
            FloatVector sumGX2 = FloatVector.zero(F32);
            for (int j = 0; j < vectors; j++) {
                long column = (long) STEP * j;
                FloatVector v = FloatVector.fromMemorySegment(F32, ALL, in + column, ORDER);
                FloatVector h = (CENTERED ? v.sub(mus) : v).mul(rs);
                FloatVector d = FloatVector.fromMemorySegment(F32, ALL, up + column, ORDER);
                FloatVector g = d;
                FloatVector sumDyX = d.fma(h, FloatVector.fromMemorySegment(F32, ALL, dGamma + column, ORDER));
                FloatVector sumDy = FloatVector.fromMemorySegment(F32, ALL, dBeta + column, ORDER)
                        .add(d);
                FloatVector gamma = d;
                if (GAMMA) {
                    gamma = FloatVector.fromMemorySegment(F32, ALL, p.gamma() + column, ORDER);
                    g = d.mul(gamma);
                }
                if (CENTERED) {
                    sumG = sumG.add(g);
                }
                sumGX = g.fma(h, sumGX);
                if (PAIR) {
                    FloatVector v2 = FloatVector.fromMemorySegment(F32, ALL, in2 + column, ORDER);
                    FloatVector h2 = (CENTERED ? v2.sub(mus2) : v2).mul(rs2);
                    FloatVector d2 = FloatVector.fromMemorySegment(F32, ALL, up2 + column, ORDER);
                    FloatVector g2 = GAMMA ? d2.mul(gamma) : d2;
                    sumDyX = d2.fma(h2, sumDyX);
                    sumDy = sumDy.add(d2);
                    if (CENTERED) {
                        sumG2 = sumG2.add(g2);
                    }
                    sumGX2 = g2.fma(h2, sumGX2);
                }
                sumDyX.intoMemorySegment(ALL, dGamma + column, ORDER);
                sumDy.intoMemorySegment(ALL, dBeta + column, ORDER);
            }
            if (dx == 0) {
                continue;
            }
            FloatVector a = FloatVector.broadcast(F32, -r * r * (Lanes.sum(sumGX) / n));
            FloatVector a2 = PAIR ? FloatVector.broadcast(F32, -r2 * r2 * (Lanes.sum(sumGX2) / n)) : a;
            FloatVector b = FloatVector.broadcast(F32, CENTERED ? -r * (Lanes.sum(sumG) / n) : 0);
            FloatVector b2 = PAIR && CENTERED ? FloatVector.broadcast(F32, -r2 * (Lanes.sum(sumG2) / n)) : b;
            long out = dx + row * stride;
            long past = dSum + row * stride;
            for (int j = 0; j < vectors; j++) {
                long column = (long) STEP * j;
                FloatVector v = FloatVector.fromMemorySegment(F32, ALL, in + column, ORDER);
                FloatVector d = FloatVector.fromMemorySegment(F32, ALL, up + column, ORDER);
                FloatVector gamma = d;
                FloatVector g = d;
                if (GAMMA) {
                    gamma = FloatVector.fromMemorySegment(F32, ALL, p.gamma() + column, ORDER);
                    g = d.mul(gamma);
                }
                FloatVector rest = CENTERED ? v.sub(mus).fma(a, b) : v.mul(a);
                FloatVector result = g.fma(rs, rest);
                if (RESIDUAL) {
                    result = result.add(FloatVector.fromMemorySegment(F32, ALL, past + column, ORDER));
                }
                result.intoMemorySegment(ALL, out + column, ORDER);
                if (PAIR) {
                    FloatVector v2 = FloatVector.fromMemorySegment(F32, ALL, in2 + column, ORDER);
                    FloatVector d2 = FloatVector.fromMemorySegment(F32, ALL, up2 + column, ORDER);
                    FloatVector g2 = GAMMA ? d2.mul(gamma) : d2;
                    FloatVector rest2 = CENTERED ? v2.sub(mus2).fma(a2, b2) : v2.mul(a2);
                    FloatVector result2 = g2.fma(rs2, rest2);
                    if (RESIDUAL) {
                        result2 = result2.add(FloatVector.fromMemorySegment(F32, ALL, past + stride + column, ORDER));
                    }
                    result2.intoMemorySegment(ALL, out + stride + column, ORDER);
                }
            }
        }
    }

    /** y is not kept: max|y| is found in one reading (without μ and β in that of the squares, since |y| = rstd·|x·γ|), bytes written in the next. */
    static void quantize(Parameters p, long x, long q, long scales, int rows) {
        int vectors = p.vectors();
        int n = p.channels();
        for (int row = 0; row < rows; row++) {
            long in = x + (long) row * vectors * STEP;
            float mu = 0;
            if (CENTERED) {
                FloatVector sums = FloatVector.zero(F32);
                for (int j = 0; j < vectors; j++) {
                    sums = sums.add(FloatVector.fromMemorySegment(F32, ALL, in + (long) STEP * j, ORDER));
                }
                mu = Lanes.sum(sums) / n;
            }
            FloatVector mus = FloatVector.broadcast(F32, mu);
            FloatVector squares = FloatVector.zero(F32);
            // |y| as integers, which are in the same order, with NaN above ∞.
            IntVector most = FloatVector.zero(F32).reinterpretAsInts();
            for (int j = 0; j < vectors; j++) {
                long column = (long) STEP * j;
                FloatVector v = FloatVector.fromMemorySegment(F32, ALL, in + column, ORDER);
                FloatVector d = CENTERED ? v.sub(mus) : v;
                if (CENTERED && RAGGED) {
                    d = d.mul(FloatVector.fromMemorySegment(F32, ALL, p.inside() + column, ORDER));
                }
                squares = d.fma(d, squares);
                if (!BETA) {
                    FloatVector g =
                            GAMMA ? d.mul(FloatVector.fromMemorySegment(F32, ALL, p.gamma() + column, ORDER)) : d;
                    most = most.max(g.abs().reinterpretAsInts());
                }
            }
            float r = (float) (1 / Math.sqrt(Lanes.sum(squares) / n + p.eps()));
            FloatVector rs = FloatVector.broadcast(F32, r);
            if (BETA) {
                for (int j = 0; j < vectors; j++) {
                    long column = (long) STEP * j;
                    FloatVector v = FloatVector.fromMemorySegment(F32, ALL, in + column, ORDER);
                    FloatVector h = (CENTERED ? v.sub(mus) : v).mul(rs);
                    FloatVector beta = FloatVector.fromMemorySegment(F32, ALL, p.beta() + column, ORDER);
                    FloatVector y = GAMMA
                            ? h.fma(FloatVector.fromMemorySegment(F32, ALL, p.gamma() + column, ORDER), beta)
                            : h.add(beta);
                    if (RAGGED) {
                        y = y.mul(FloatVector.fromMemorySegment(F32, ALL, p.inside() + column, ORDER));
                    }
                    most = most.max(y.abs().reinterpretAsInts());
                }
            }
            float peak = Float.intBitsToFloat(most.reduceLanes(VectorOperators.MAX)) * (BETA ? 1 : r);
            boolean finite = peak <= Float.MAX_VALUE;
            Memory.f32(scales, row, finite ? peak / 127 : Float.NaN);
            // 127/peak may be beyond f32: then y is raised first.
            float raise = peak < 1e-30f ? 0x1p100f : 1;
            FloatVector raised = FloatVector.broadcast(F32, raise);
            // Where y is not finite all bytes are 0, which is −128.
            FloatVector step = FloatVector.broadcast(F32, finite && peak > 0 ? 127 / (peak * raise) : 0);
            for (int j = 0; j < vectors; j++) {
                long column = (long) STEP * j;
                FloatVector v = FloatVector.fromMemorySegment(F32, ALL, in + column, ORDER);
                FloatVector h = (CENTERED ? v.sub(mus) : v).mul(rs);
                FloatVector y;
                if (GAMMA && BETA) {
                    y = h.fma(
                            FloatVector.fromMemorySegment(F32, ALL, p.gamma() + column, ORDER),
                            FloatVector.fromMemorySegment(F32, ALL, p.beta() + column, ORDER));
                } else if (GAMMA) {
                    y = h.mul(FloatVector.fromMemorySegment(F32, ALL, p.gamma() + column, ORDER));
                } else {
                    y = BETA ? h.add(FloatVector.fromMemorySegment(F32, ALL, p.beta() + column, ORDER)) : h;
                }
                IntVector bytes = Lanes.bytesOf(y.mul(raised).mul(step));
                Lanes.storeU8(finite ? bytes : bytes.and(0), q + ((long) row * vectors + j) * COUNT);
            }
        }
    }
}
