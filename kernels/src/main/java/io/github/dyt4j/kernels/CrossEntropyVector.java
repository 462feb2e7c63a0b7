package io.github.dyt4j.kernels;

import static io.github.dyt4j.kernels.Lanes.COUNT;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorOperators;

/**
 * {@link CrossEntropyKernel}, vectorised and on all threads, arithmetic in f32: two readings of a row while it lies in a near cache. A row is
 * one thread's work, so the number of threads changes no bit.
 */
public final class CrossEntropyVector implements CrossEntropyKernel {
    /** Below this a logit adds nothing to an f32 sum that holds the largest, which is 1. */
    private static final float LEAST = -87;

    @Override
    public void forward(CrossEntropyCall call, long logits, long labels, long loss, long logSum) {
        each(call, row -> {
            long z = logits + row * call.classes() * call.dtype().bytes();
            float own = Memory.load(call.dtype(), z, call.label(labels, row));
            float max = max(call.dtype(), call.classes(), z);
            double log = Math.log(sum(call.dtype(), call.classes(), z, max));
            Memory.f32(logSum, row, max + log);
            Memory.f32(loss, row, max - own + log);
        });
    }

    @Override
    public void backward(CrossEntropyCall call, long logits, long labels, long logSum, long d, long dLogits) {
        each(call, row -> {
            long at = row * call.classes() * call.dtype().bytes();
            int label = call.label(labels, row);
            float log = Memory.f32(logSum, row);
            float up = Memory.f32(d, row);
            gradient(call.dtype(), call.classes(), logits + at, dLogits + at, log, up);
            double p = Math.exp((double) Memory.load(call.dtype(), logits + at, label) - log);
            Memory.store(call.dtype(), dLogits + at, label, up * (p - 1));
        });
    }

    private interface Row {
        void run(long row);
    }

    private static void each(CrossEntropyCall call, Row work) {
        Cut cut = Cut.of(call.rows(), call.classes(), 1);
        RowPool.run(cut.blocks(), block -> {
            for (int i = 0; i < cut.rows(block); i++) {
                work.run(cut.first(block) + i);
            }
        });
    }

    private static float max(Dtype dtype, int n, long z) {
        FloatVector most = Lanes.all(Float.NEGATIVE_INFINITY);
        int whole = n - n % COUNT;
        if (dtype == Dtype.F32) {
            for (int j = 0; j < whole; j += COUNT) {
                most = most.max(Lanes.loadF32(z + 4L * j));
            }
        } else {
            for (int j = 0; j < whole; j += COUNT) {
                most = most.max(Lanes.loadBf16(z + 2L * j));
            }
        }
        float max = most.reduceLanes(VectorOperators.MAX);
        for (int j = whole; j < n; j++) {
            max = Math.max(max, Memory.load(dtype, z, j));
        }
        return max;
    }

    private static double sum(Dtype dtype, int n, long z, float max) {
        FloatVector sum = Lanes.all(0);
        int whole = n - n % COUNT;
        if (dtype == Dtype.F32) {
            for (int j = 0; j < whole; j += COUNT) {
                sum = sum.add(exp(Lanes.loadF32(z + 4L * j).sub(max)));
            }
        } else {
            for (int j = 0; j < whole; j += COUNT) {
                sum = sum.add(exp(Lanes.loadBf16(z + 2L * j).sub(max)));
            }
        }
        double tail = 0;
        for (int j = whole; j < n; j++) {
            tail += Math.exp((double) Memory.load(dtype, z, j) - max);
        }
        return Lanes.sum(sum) + tail;
    }

    private static void gradient(Dtype dtype, int n, long z, long dz, float log, float up) {
        int whole = n - n % COUNT;
        if (dtype == Dtype.F32) {
            for (int j = 0; j < whole; j += COUNT) {
                Lanes.storeF32(exp(Lanes.loadF32(z + 4L * j).sub(log)).mul(up), dz + 4L * j);
            }
        } else {
            for (int j = 0; j < whole; j += COUNT) {
                Lanes.storeBf16(exp(Lanes.loadBf16(z + 2L * j).sub(log)).mul(up), dz + 2L * j);
            }
        }
        for (int j = whole; j < n; j++) {
            Memory.store(dtype, dz, j, up * Math.exp((double) Memory.load(dtype, z, j) - log));
        }
    }

    private static FloatVector exp(FloatVector z) {
        return Lanes.exp(z.max(LEAST)).blend(0, z.compare(VectorOperators.LT, LEAST));
    }
}
