package io.github.dyt4j.kernels;

import static io.github.dyt4j.kernels.Lanes.COUNT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/**
 * {@link FewRowsKernel}, vectorised and on all threads. Two neighbouring bf16 are read as one int, whose halves, moved up and masked, are their
 * f32 values; products of the one half and of the other are added up apart, and those of four rows of W at a time, so that no addition waits
 * for the one before. A value is one thread's work and its sum has one order, so neither the number of threads nor of rows changes a bit.
 */
public final class FewRowsVector implements FewRowsKernel {
    /** Rows of W at a time. */
    private static final int FOUR = 4;

    /** Bytes of W that a thread takes at a time: it then reads on for some 20 µs, and the last to end keeps others waiting no longer. */
    private static final long BLOCK = 1 << 18;

    @Override
    public void forward(FewRowsCall call, long x, long w, long bias, long y) {
        long rowBytes = 2L * Math.max(1, call.in());
        int each = FOUR * (int) Math.max(1, BLOCK / (FOUR * rowBytes));
        RowPool.run(Math.ceilDiv(call.out(), each), block -> {
            int to = Math.min(call.out(), (block + 1) * each);
            int i = block * each;
            float[] lanes = new float[FOUR * COUNT];
            for (; i <= to - FOUR; i += FOUR) {
                for (int row = 0; row < call.rows(); row++) {
                    four(call, row, i, x, w, bias, y, lanes);
                }
            }
            for (; i < to; i++) {
                for (int row = 0; row < call.rows(); row++) {
                    one(call, row, i, x, w, bias, y, lanes);
                }
            }
        });
    }

    private static void four(FewRowsCall call, int row, int i, long x, long w, long bias, long y, float[] lanes) {
        int in = call.in();
        long a = x + 2L * row * in;
        long w0 = w + 2L * i * in;
        long w1 = w0 + 2L * in;
        long w2 = w1 + 2L * in;
        long w3 = w2 + 2L * in;
        int whole = in - in % (2 * COUNT);
        FloatVector even0 = Lanes.all(0);
        FloatVector even1 = even0;
        FloatVector even2 = even0;
        FloatVector even3 = even0;
        FloatVector odd0 = even0;
        FloatVector odd1 = even0;
        FloatVector odd2 = even0;
        FloatVector odd3 = even0;
        for (int j = 0; j < whole; j += 2 * COUNT) {
            IntVector pairs = Lanes.loadInts(a + 2L * j);
            FloatVector even = Lanes.even(pairs);
            FloatVector odd = Lanes.odd(pairs);
            IntVector p0 = Lanes.loadInts(w0 + 2L * j);
            IntVector p1 = Lanes.loadInts(w1 + 2L * j);
            IntVector p2 = Lanes.loadInts(w2 + 2L * j);
            IntVector p3 = Lanes.loadInts(w3 + 2L * j);
            even0 = Lanes.even(p0).fma(even, even0);
            odd0 = Lanes.odd(p0).fma(odd, odd0);
            even1 = Lanes.even(p1).fma(even, even1);
            odd1 = Lanes.odd(p1).fma(odd, odd1);
            even2 = Lanes.even(p2).fma(even, even2);
            odd2 = Lanes.odd(p2).fma(odd, odd2);
            even3 = Lanes.even(p3).fma(even, even3);
            odd3 = Lanes.odd(p3).fma(odd, odd3);
        }
        even0.add(odd0).intoArray(lanes, 0);
        even1.add(odd1).intoArray(lanes, COUNT);
        even2.add(odd2).intoArray(lanes, 2 * COUNT);
        even3.add(odd3).intoArray(lanes, 3 * COUNT);
        for (int r = 0; r < FOUR; r++) {
            write(call, row, i + r, x, w, bias, y, lanes, r * COUNT);
        }
    }

    private static void one(FewRowsCall call, int row, int i, long x, long w, long bias, long y, float[] lanes) {
        int in = call.in();
        long a = x + 2L * row * in;
        long w0 = w + 2L * i * in;
        int whole = in - in % (2 * COUNT);
        FloatVector even0 = Lanes.all(0);
        FloatVector odd0 = even0;
        for (int j = 0; j < whole; j += 2 * COUNT) {
            IntVector pairs = Lanes.loadInts(a + 2L * j);
            IntVector p0 = Lanes.loadInts(w0 + 2L * j);
            even0 = Lanes.even(p0).fma(Lanes.even(pairs), even0);
            odd0 = Lanes.odd(p0).fma(Lanes.odd(pairs), odd0);
        }
        even0.add(odd0).intoArray(lanes, 0);
        write(call, row, i, x, w, bias, y, lanes, 0);
    }

    /**
     * The sum of the lanes, then what is left of the two rows, then b. Without vectors: there are too many vectors for the compiler
     * to inline a sum of vectors for each row too, and a vector given to a method goes over the heap.
     */
    private static void write(
            FewRowsCall call, int row, int i, long x, long w, long bias, long y, float[] lanes, int at) {
        int in = call.in();
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        for (int lane = at; lane < at + COUNT; lane += 4) {
            s0 += lanes[lane];
            s1 += lanes[lane + 1];
            s2 += lanes[lane + 2];
            s3 += lanes[lane + 3];
        }
        float sum = s0 + s1 + (s2 + s3);
        for (int j = in - in % (2 * COUNT); j < in; j++) {
            sum = Math.fma(
                    Memory.load(Dtype.BF16, x, (long) row * in + j),
                    Memory.load(Dtype.BF16, w, (long) i * in + j),
                    sum);
        }
        float b = bias == 0 ? 0 : Memory.load(Dtype.BF16, bias, i);
        Memory.store(Dtype.BF16, y, (long) row * call.out() + i, sum + b);
    }
}
