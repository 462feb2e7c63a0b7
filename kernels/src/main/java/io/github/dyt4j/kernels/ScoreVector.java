package io.github.dyt4j.kernels;

import static io.github.dyt4j.kernels.Lanes.COUNT;
import static io.github.dyt4j.kernels.Lanes.F32;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link ScoreKernel}, vectorised and on all threads, arithmetic in f32: three readings of a row's scores while it lies in a near cache. A
 * row is one thread's work, so the number of threads changes no bit.
 */
public final class ScoreVector implements ScoreKernel {
    /** Below this a score adds nothing to an f32 sum that holds the largest, which is 1. */
    private static final float LEAST = -87;

    private static final long BLOCK = 1 << 14;

    @Override
    public void backward(ScoreCall call, long scores, long dP, long d, long p, long dS) {
        long rows = call.matrices() * call.rows();
        long each = Math.max(1, BLOCK / call.columns());
        RowPool.run(Math.toIntExact(Math.ceilDiv(rows, each)), block -> {
            long from = block * each;
            for (long row = from; row < Math.min(rows, from + each); row++) {
                row(call, row, scores, dP, d, p, dS);
            }
        });
    }

    private static void row(ScoreCall call, long row, long scores, long dP, long d, long p, long dS) {
        long at = row * call.columns();
        int n = call.visible(row);
        int whole = n - n % COUNT;
        // The last vector may reach over keys that are not seen, where e is 0, but not over the end of the row.
        int end = n == whole || whole + COUNT > call.columns() ? whole : whole + COUNT;
        long s = scores + 4 * at;
        float max = max(s, n, whole);
        float inverse = 1 / exponentials(s, n, whole, end, max, (float) call.scale());
        float shift = Memory.f32(d, row);
        float scale = (float) call.scale() * inverse;
        int size = call.dtype().bytes();
        if (call.dtype() == Dtype.F32) {
            writeF32(s, dP + 4 * at, p + size * at, dS + size * at, end, inverse, scale, shift);
        } else {
            writeBf16(s, dP + 4 * at, p + size * at, dS + size * at, end, inverse, scale, shift);
        }
        for (int j = end; j < n; j++) {
            float e = Memory.f32(s, j);
            Memory.store(call.dtype(), p, at + j, e * inverse);
            Memory.store(call.dtype(), dS, at + j, e * scale * (Memory.f32(dP, at + j) - shift));
        }
        long unseen = (long) size * (call.columns() - Math.max(n, end));
        zero(p + size * (at + call.columns()) - unseen, unseen);
        zero(dS + size * (at + call.columns()) - unseen, unseen);
    }

    /** 0 is four or two bytes of 0. */
    private static void zero(long address, long bytes) {
        long i = 0;
        for (; i <= bytes - 4L * COUNT; i += 4L * COUNT) {
            Lanes.storeF32(FloatVector.zero(F32), address + i);
        }
        for (; i < bytes; i += 2) {
            Memory.store(Dtype.BF16, address + i, 0, 0);
        }
    }

    private static float max(long s, int n, int whole) {
        FloatVector most = FloatVector.broadcast(F32, Float.NEGATIVE_INFINITY);
        for (int j = 0; j < whole; j += COUNT) {
            most = most.max(Lanes.loadF32(s + 4L * j));
        }
        float max = most.reduceLanes(VectorOperators.MAX);
        for (int j = whole; j < n; j++) {
            max = Math.max(max, Memory.f32(s, j));
        }
        return max;
    }

    /** Writes e^(scale·(s − max)) over s, 0 behind it up to {@code end}, and returns the sum. */
    private static float exponentials(long s, int n, int whole, int end, float max, float scale) {
        FloatVector sum = FloatVector.zero(F32);
        for (int j = 0; j < whole; j += COUNT) {
            FloatVector e = exp(Lanes.loadF32(s + 4L * j).sub(max).mul(scale));
            Lanes.storeF32(e, s + 4L * j);
            sum = sum.add(e);
        }
        if (whole < n) {
            VectorMask<Float> tail = F32.indexInRange(0, n - whole);
            FloatVector e = exp(FloatVector.fromMemorySegment(F32, Memory.ALL, s + 4L * whole, Lanes.ORDER, tail)
                    .sub(max)
                    .mul(scale));
            e = Lanes.all(0).blend(e, tail);
            if (end > whole) {
                Lanes.storeF32(e, s + 4L * whole);
            } else {
                e.intoMemorySegment(Memory.ALL, s + 4L * whole, Lanes.ORDER, tail);
            }
            sum = sum.add(e);
        }
        return Lanes.sum(sum);
    }

    private static FloatVector exp(FloatVector z) {
        return Lanes.exp(z.max(LEAST)).blend(0, z.compare(VectorOperators.LT, LEAST));
    }

    private static void writeF32(long e, long dP, long p, long dS, int whole, float inverse, float scale, float shift) {
        for (int j = 0; j < whole; j += COUNT) {
            FloatVector v = Lanes.loadF32(e + 4L * j);
            Lanes.storeF32(v.mul(inverse), p + 4L * j);
            Lanes.storeF32(v.mul(scale).mul(Lanes.loadF32(dP + 4L * j).sub(shift)), dS + 4L * j);
        }
    }

    private static void writeBf16(
            long e, long dP, long p, long dS, int whole, float inverse, float scale, float shift) {
        for (int j = 0; j < whole; j += COUNT) {
            FloatVector v = Lanes.loadF32(e + 4L * j);
            Lanes.storeBf16(v.mul(inverse), p + 2L * j);
            Lanes.storeBf16(v.mul(scale).mul(Lanes.loadF32(dP + 4L * j).sub(shift)), dS + 2L * j);
        }
    }
}
