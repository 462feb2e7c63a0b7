package io.github.dyt4j.kernels;

import static io.github.dyt4j.kernels.Lanes.COUNT;
import static io.github.dyt4j.kernels.Lanes.F32;

import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link OneQueryKernel}, vectorised and on all threads: the scores of a head, their exponentials, then the weighted sum of the values. Pairs of
 * bf16 are read as one int (as {@link FewRowsVector} reads them). A head is one thread's work, so the number of threads changes no bit.
 */
public final class OneQueryVector implements OneQueryKernel {
    /** Below this a score adds nothing to an f32 sum that holds the largest, which is 1. */
    private static final float LEAST = -87;

    @Override
    public void forward(OneQueryCall call, long q, long k, long v, long y) {
        int d = call.headDim();
        RowPool.run(call.kvHeads(), head -> {
            long keys = k + 2L * head * call.stride();
            long values = v + 2L * head * call.stride();
            float[] p = new float[Math.ceilDiv(call.seen(), COUNT) * COUNT];
            for (int i = head * call.group(); i < (head + 1) * call.group(); i++) {
                // Whole vectors: what is behind the last score has the probability 0.
                Arrays.fill(p, call.seen(), p.length, Float.NEGATIVE_INFINITY);
                for (int j = 0; j < call.seen(); j++) {
                    p[j] = (float) call.scale() * dot(q + 2L * i * d, keys + 2L * j * d, d);
                }
                mean(p, 1 / exponentials(p), call.seen(), values, d, y + 2L * i * d);
            }
        });
    }

    private static float dot(long a, long b, int d) {
        int whole = d - d % (2 * COUNT);
        FloatVector even = Lanes.all(0);
        FloatVector odd = even;
        for (int c = 0; c < whole; c += 2 * COUNT) {
            IntVector left = Lanes.loadInts(a + 2L * c);
            IntVector right = Lanes.loadInts(b + 2L * c);
            even = Lanes.even(left).fma(Lanes.even(right), even);
            odd = Lanes.odd(left).fma(Lanes.odd(right), odd);
        }
        float sum = Lanes.sum(even.add(odd));
        for (int c = whole; c < d; c++) {
            sum = Math.fma(Memory.load(Dtype.BF16, a, c), Memory.load(Dtype.BF16, b, c), sum);
        }
        return sum;
    }

    /** Puts e^(s − max) in place of s and returns the sum. */
    private static float exponentials(float[] s) {
        FloatVector most = FloatVector.fromArray(F32, s, 0);
        for (int j = COUNT; j < s.length; j += COUNT) {
            most = most.max(FloatVector.fromArray(F32, s, j));
        }
        float max = most.reduceLanes(VectorOperators.MAX);
        FloatVector sum = Lanes.all(0);
        for (int j = 0; j < s.length; j += COUNT) {
            FloatVector z = FloatVector.fromArray(F32, s, j).sub(max);
            FloatVector e = Lanes.exp(z.max(LEAST)).blend(0, z.compare(VectorOperators.LT, LEAST));
            e.intoArray(s, j);
            sum = sum.add(e);
        }
        return Lanes.sum(sum);
    }

    /** y = scale·Σ p_j·v_j; even and odd rows are added up apart, so that an addition need not wait for the one before. */
    private static void mean(float[] p, float scale, int seen, long v, int d, long y) {
        int whole = d - d % (2 * COUNT);
        for (int c = 0; c < whole; c += 2 * COUNT) {
            FloatVector even0 = Lanes.all(0);
            FloatVector odd0 = even0;
            FloatVector even1 = even0;
            FloatVector odd1 = even0;
            long at = v + 2L * c;
            int j = 0;
            for (; j < seen - 1; j += 2) {
                IntVector first = Lanes.loadInts(at + 2L * j * d);
                IntVector second = Lanes.loadInts(at + 2L * (j + 1) * d);
                FloatVector p0 = Lanes.all(p[j]);
                FloatVector p1 = Lanes.all(p[j + 1]);
                even0 = Lanes.even(first).fma(p0, even0);
                odd0 = Lanes.odd(first).fma(p0, odd0);
                even1 = Lanes.even(second).fma(p1, even1);
                odd1 = Lanes.odd(second).fma(p1, odd1);
            }
            if (j < seen) {
                IntVector last = Lanes.loadInts(at + 2L * j * d);
                even0 = Lanes.even(last).fma(Lanes.all(p[j]), even0);
                odd0 = Lanes.odd(last).fma(Lanes.all(p[j]), odd0);
            }
            Lanes.storePairs(even0.add(even1).mul(scale), odd0.add(odd1).mul(scale), y + 2L * c);
        }
        for (int c = whole; c < d; c++) {
            float sum = 0;
            for (int j = 0; j < seen; j++) {
                sum = Math.fma(p[j], Memory.load(Dtype.BF16, v, (long) j * d + c), sum);
            }
            Memory.store(Dtype.BF16, y, c, sum * scale);
        }
    }
}
