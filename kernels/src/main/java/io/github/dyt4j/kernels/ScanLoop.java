package io.github.dyt4j.kernels;

import static io.github.dyt4j.kernels.Lanes.COUNT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/** The loops of {@link ScanVector}: one vector of channels, all of its states, through the tokens of a chunk. */
final class ScanLoop {
    private static final long VECTOR = 4L * COUNT;
    /** Below this e to it is taken as 0, which is off by less than 2e-38. */
    private static final float LEAST = -87;

    private ScanLoop() {}

    /**
     * A chunk's inputs; b and c have a value a token and state.
     *
     * @param row bytes from a token to the next in u and delta
     */
    record Tiles(long row, long u, long delta, long b, long c) {}

    /** @param a a vector a state; h, the state, likewise; d one vector */
    record Parameters(int states, long a, long d, long h) {}

    /**
     * What backward works on.
     *
     * @param states before the chunk and after each token, a vector a state; decays exp(Δ·A) likewise
     * @param dA a vector a state, summed over all chunks; dAChunk over one, and 0 between two
     * @param dB a vector a token and state; dC likewise
     * @param dD a vector, summed over all chunks
     */
    record Reverse(
            long dy,
            long states,
            long decays,
            long du,
            long dDelta,
            long dA,
            long dAChunk,
            long dB,
            long dC,
            long dD) {}

    static void forward(int rows, Tiles in, Parameters p, long y) {
        forward(rows, p.states(), in.row(), in.u(), in.delta(), in.b(), in.c(), p.a(), p.d(), p.h(), y);
    }

    private static void forward(
            int rows, int states, long row, long u, long delta, long b, long c, long a, long d, long h, long y) {
        for (int t = 0; t < rows; t++) {
            FloatVector dt = Lanes.loadF32(delta + t * row);
            FloatVector ut = Lanes.loadF32(u + t * row);
            FloatVector x = dt.mul(ut);
            FloatVector sum = Lanes.loadF32(d).mul(ut);
            long scalars = (long) t * states;
            for (int n = 0; n < states; n++) {
                long at = n * VECTOR;
                FloatVector decay = decay(dt.mul(Lanes.loadF32(a + at)));
                FloatVector next = Lanes.loadF32(h + at).fma(decay, x.mul(Memory.f32(b, scalars + n)));
                Lanes.storeF32(next, h + at);
                sum = next.fma(Lanes.all(Memory.f32(c, scalars + n)), sum);
            }
            Lanes.storeF32(sum, y + t * row);
        }
    }

    /** The states of a chunk once more, and the decays. */
    static void again(int rows, Tiles in, Parameters p, Reverse r) {
        again(rows, p.states(), in.row(), in.u(), in.delta(), in.b(), p.a(), r.states(), r.decays());
    }

    private static void again(int rows, int states, long row, long u, long delta, long b, long a, long h, long decays) {
        long next = states * VECTOR;
        for (int t = 0; t < rows; t++) {
            FloatVector dt = Lanes.loadF32(delta + t * row);
            FloatVector x = dt.mul(Lanes.loadF32(u + t * row));
            long scalars = (long) t * states;
            for (int n = 0; n < states; n++) {
                long at = (scalars + n) * VECTOR;
                FloatVector decay = decay(dt.mul(Lanes.loadF32(a + n * VECTOR)));
                Lanes.storeF32(decay, decays + at);
                Lanes.storeF32(Lanes.loadF32(h + at).fma(decay, x.mul(Memory.f32(b, scalars + n))), h + at + next);
            }
        }
    }

    private static FloatVector decay(FloatVector z) {
        return Lanes.exp(z).blend(0, z.compare(VectorOperators.LT, LEAST));
    }

    /** Back through a chunk; {@code p.h} is what comes from the tokens behind it, exp(Δ_{t+1}·A)·dh_{t+1}. */
    static void backward(int rows, Tiles in, Parameters p, Reverse r) {
        FloatVector dD = Lanes.all(0);
        for (int t = rows - 1; t >= 0; t--) {
            long row = t * in.row();
            token(p.states(), row, (long) t * p.states(), in, p.a(), p.d(), p.h(), r);
            dD = Lanes.loadF32(r.dy() + row).fma(Lanes.loadF32(in.u() + row), dD);
        }
        Lanes.storeF32(Lanes.loadF32(r.dD()).add(dD), r.dD());
        for (int n = 0; n < p.states(); n++) {
            long at = n * VECTOR;
            Lanes.storeF32(Lanes.loadF32(r.dA() + at).add(Lanes.loadF32(r.dAChunk() + at)), r.dA() + at);
            Lanes.storeF32(Lanes.all(0), r.dAChunk() + at);
        }
    }

    private static void token(int states, long row, long scalars, Tiles in, long a, long d, long carry, Reverse r) {
        FloatVector g = Lanes.loadF32(r.dy() + row);
        FloatVector dt = Lanes.loadF32(in.delta() + row);
        FloatVector ut = Lanes.loadF32(in.u() + row);
        FloatVector x = dt.mul(ut);
        FloatVector intoState = Lanes.all(0);
        FloatVector dDelta = Lanes.all(0);
        long b = in.b();
        long c = in.c();
        long h = r.states() + scalars * VECTOR;
        long after = h + states * VECTOR;
        long decays = r.decays() + scalars * VECTOR;
        long dB = r.dB() + scalars * VECTOR;
        long dC = r.dC() + scalars * VECTOR;
        long dA = r.dAChunk();
        for (int n = 0; n < states; n++) {
            long at = n * VECTOR;
            FloatVector dh = g.fma(Lanes.all(Memory.f32(c, scalars + n)), Lanes.loadF32(carry + at));
            intoState = dh.fma(Lanes.all(Memory.f32(b, scalars + n)), intoState);
            FloatVector before = dh.mul(Lanes.loadF32(decays + at));
            Lanes.storeF32(before, carry + at);
            FloatVector p = before.mul(Lanes.loadF32(h + at));
            dDelta = p.fma(Lanes.loadF32(a + at), dDelta);
            Lanes.storeF32(p.fma(dt, Lanes.loadF32(dA + at)), dA + at);
            Lanes.storeF32(dh.fma(x, Lanes.loadF32(dB + at)), dB + at);
            Lanes.storeF32(g.fma(Lanes.loadF32(after + at), Lanes.loadF32(dC + at)), dC + at);
        }
        Lanes.storeF32(dt.fma(intoState, Lanes.loadF32(d).mul(g)), r.du() + row);
        Lanes.storeF32(ut.fma(intoState, dDelta), r.dDelta() + row);
    }

    /** Each vector's sum; the vectors are 0 afterwards. */
    static void sumLanes(long vectors, long to, int count) {
        for (int i = 0; i < count; i++) {
            Memory.f32(to, i, Lanes.sum(Lanes.loadF32(vectors + i * VECTOR)));
            Lanes.storeF32(Lanes.all(0), vectors + i * VECTOR);
        }
    }

    /** The sum of {@code times} rows of {@code n} values, {@code stride} bytes apart, in their order. */
    static void add(long from, long stride, long times, long to, long n) {
        long whole = n - n % COUNT;
        for (long i = 0; i < whole; i += COUNT) {
            FloatVector sum = Lanes.loadF32(from + 4 * i);
            for (long k = 1; k < times; k++) {
                sum = sum.add(Lanes.loadF32(from + k * stride + 4 * i));
            }
            Lanes.storeF32(sum, to + 4 * i);
        }
        for (long i = whole; i < n; i++) {
            float sum = Memory.f32(from, i);
            for (long k = 1; k < times; k++) {
                sum += Memory.f32(from + k * stride, i);
            }
            Memory.f32(to, i, sum);
        }
    }

    /** Rows of {@code width} values, which lie {@code fromRow} bytes apart and shall lie {@code toRow} apart. */
    static void copy(long from, long fromRow, long to, long toRow, int rows, int width) {
        int whole = width - width % COUNT;
        for (int row = 0; row < rows; row++) {
            long source = from + row * fromRow;
            long target = to + row * toRow;
            for (int i = 0; i < whole; i += COUNT) {
                Lanes.storeF32(Lanes.loadF32(source + 4L * i), target + 4L * i);
            }
            for (int i = whole; i < width; i++) {
                Memory.f32(target, i, Memory.f32(source, i));
            }
        }
    }
}
