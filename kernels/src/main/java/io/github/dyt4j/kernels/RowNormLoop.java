package io.github.dyt4j.kernels;

import static io.github.dyt4j.kernels.Lanes.COUNT;
import static io.github.dyt4j.kernels.Lanes.all;
import static io.github.dyt4j.kernels.Lanes.loadF32;
import static io.github.dyt4j.kernels.Lanes.storeF32;

import io.github.dyt4j.kernels.RowNormRow.Kind;
import io.github.dyt4j.kernels.RowNormRow.Parameters;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/** The loops of LayerNorm and RMSNorm, copied for each {@link RowNormRow.Kind} and called from there alone. */
final class RowNormLoop {
    private static final Kind KIND = Specialised.kind(MethodHandles.lookup(), Kind.class);
    private static final boolean CENTERED = KIND.centered();
    private static final boolean GAMMA = KIND.gamma();
    private static final boolean BETA = KIND.beta();
    private static final boolean RAGGED = KIND.ragged();
    private static final int STEP = 4 * COUNT;

    private RowNormLoop() {}

    /** Three readings of a row, the second and third from the first-level cache: the mean, the variance about it, y. */
    static void forward(Parameters p, long x, long y, long mean, long rstd, int rows) {
        int vectors = p.vectors();
        for (int row = 0; row < rows; row++) {
            long in = x + (long) row * vectors * STEP;
            long out = y + (long) row * vectors * STEP;
            float mu = CENTERED ? sum(in, vectors) / p.channels() : 0;
            double variance = (double) squares(in, vectors, mu, p.inside()) / p.channels();
            float r = (float) (1 / Math.sqrt(variance + p.eps()));
            write(in, out, vectors, mu, r, p);
            if (mean != 0) {
                Memory.f32(mean, row, mu);
            }
            if (rstd != 0) {
                Memory.f32(rstd, row, r);
            }
        }
    }

    private static float sum(long x, int vectors) {
        FloatVector sum = all(0);
        for (int j = 0; j < vectors; j++) {
            sum = sum.add(loadF32(x + (long) STEP * j));
        }
        return Lanes.sum(sum);
    }

    private static float squares(long x, int vectors, float mu, long inside) {
        FloatVector mean = all(mu);
        FloatVector squares = all(0);
        for (int j = 0; j < vectors; j++) {
            FloatVector d = centre(loadF32(x + (long) STEP * j), mean);
            if (CENTERED && RAGGED) {
                d = d.mul(loadF32(inside + (long) STEP * j));
            }
            squares = d.fma(d, squares);
        }
        return Lanes.sum(squares);
    }

    private static void write(long x, long y, int vectors, float mu, float r, Parameters p) {
        FloatVector mean = all(mu);
        FloatVector scale = all(r);
        for (int j = 0; j < vectors; j++) {
            long column = (long) STEP * j;
            FloatVector xHat = centre(loadF32(x + (long) STEP * j), mean).mul(scale);
            FloatVector scaled = GAMMA ? xHat.mul(loadF32(p.gamma() + column)) : xHat;
            storeF32(BETA ? scaled.add(loadF32(p.beta() + column)) : scaled, y + (long) STEP * j);
        }
    }

    static void backward(
            Parameters p, long x, long mean, long rstd, long dy, long dx, long dGamma, long dBeta, int rows) {
        int vectors = p.vectors();
        for (int row = 0; row < rows; row++) {
            long offset = (long) row * vectors * STEP;
            float mu = CENTERED ? Memory.f32(mean, row) : 0;
            float r = Memory.f32(rstd, row);
            FloatVector mus = all(mu);
            FloatVector rs = all(r);
            FloatVector sumG = all(0);
            FloatVector sumGX = all(0);
            for (int j = 0; j < vectors; j++) {
                long at = offset + (long) STEP * j;
                long column = (long) STEP * j;
                FloatVector d = loadF32(dy + at);
                FloatVector xHat = centre(loadF32(x + at), mus).mul(rs);
                FloatVector g = GAMMA ? d.mul(loadF32(p.gamma() + column)) : d;
                sumG = sumG.add(g);
                sumGX = g.fma(xHat, sumGX);
                storeF32(d.fma(xHat, loadF32(dGamma + column)), dGamma + column);
                storeF32(d.add(loadF32(dBeta + column)), dBeta + column);
            }
            if (dx != 0) {
                float meanG = CENTERED ? Lanes.sum(sumG) / p.channels() : 0;
                gradient(
                        x + offset,
                        dy + offset,
                        dx + offset,
                        vectors,
                        mu,
                        r,
                        meanG,
                        Lanes.sum(sumGX) / p.channels(),
                        p);
            }
        }
    }

    private static void gradient(
            long x, long dy, long dx, int vectors, float mu, float r, float meanG, float meanGX, Parameters p) {
        FloatVector mus = all(mu);
        FloatVector rs = all(r);
        FloatVector constant = all(meanG);
        FloatVector slope = all(-meanGX);
        for (int j = 0; j < vectors; j++) {
            FloatVector d = loadF32(dy + (long) STEP * j);
            FloatVector xHat = centre(loadF32(x + (long) STEP * j), mus).mul(rs);
            FloatVector g = GAMMA ? d.mul(loadF32(p.gamma() + (long) STEP * j)) : d;
            FloatVector centred = CENTERED ? g.sub(constant) : g;
            storeF32(xHat.fma(slope, centred).mul(rs), dx + (long) STEP * j);
        }
    }

    private static FloatVector centre(FloatVector x, FloatVector mean) {
        return CENTERED ? x.sub(mean) : x;
    }
}
