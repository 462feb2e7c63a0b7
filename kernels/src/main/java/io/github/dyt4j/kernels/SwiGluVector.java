package io.github.dyt4j.kernels;

import static io.github.dyt4j.kernels.Lanes.COUNT;

import jdk.incubator.vector.FloatVector;

/** {@link SwiGluKernel}, vectorised and on all threads, arithmetic in f32. */
public final class SwiGluVector implements SwiGluKernel {
    /** Beyond it σ is 0 or 1 in f32, and e to it is still a number. */
    private static final float MOST = 87;

    @Override
    public void forward(SwiGluCall call, long gate, long up, long stride, long y) {
        int size = call.dtype().bytes();
        each(call, row -> {
            long at = row * stride * size;
            forward(call.dtype(), call.width(), gate + at, up + at, y + row * call.width() * size);
        });
    }

    @Override
    public void backward(SwiGluCall call, long gateUp, long dy, long dGateUp) {
        long bytes = (long) call.dtype().bytes() * call.width();
        each(call, row -> {
            long at = 2 * row * bytes;
            backward(call.dtype(), call.width(), gateUp + at, dy + row * bytes, dGateUp + at, bytes);
        });
    }

    private interface Row {
        void run(long row);
    }

    private static void each(SwiGluCall call, Row work) {
        Cut cut = Cut.of(call.rows(), call.width(), 1);
        RowPool.run(cut.blocks(), block -> {
            for (int i = 0; i < cut.rows(block); i++) {
                work.run(cut.first(block) + i);
            }
        });
    }

    private static void forward(Dtype dtype, int width, long gate, long up, long y) {
        int whole = width - width % COUNT;
        if (dtype == Dtype.F32) {
            for (int i = 0; i < whole; i += COUNT) {
                FloatVector g = Lanes.loadF32(gate + 4L * i);
                Lanes.storeF32(g.mul(sigmoid(g)).mul(Lanes.loadF32(up + 4L * i)), y + 4L * i);
            }
        } else {
            for (int i = 0; i < whole; i += COUNT) {
                FloatVector g = Lanes.loadBf16(gate + 2L * i);
                Lanes.storeBf16(g.mul(sigmoid(g)).mul(Lanes.loadBf16(up + 2L * i)), y + 2L * i);
            }
        }
        for (int i = whole; i < width; i++) {
            float g = Memory.load(dtype, gate, i);
            Memory.store(dtype, y, i, g * sigmoid(g) * Memory.load(dtype, up, i));
        }
    }

    /** @param next bytes from gate to up, and from dgate to dup */
    private static void backward(Dtype dtype, int width, long gate, long dy, long dGate, long next) {
        int whole = width - width % COUNT;
        if (dtype == Dtype.F32) {
            for (int i = 0; i < whole; i += COUNT) {
                FloatVector g = Lanes.loadF32(gate + 4L * i);
                FloatVector d = Lanes.loadF32(dy + 4L * i);
                FloatVector s = sigmoid(g);
                Lanes.storeF32(slope(g, s).mul(d.mul(Lanes.loadF32(gate + next + 4L * i))), dGate + 4L * i);
                Lanes.storeF32(d.mul(g.mul(s)), dGate + next + 4L * i);
            }
        } else {
            for (int i = 0; i < whole; i += COUNT) {
                FloatVector g = Lanes.loadBf16(gate + 2L * i);
                FloatVector d = Lanes.loadBf16(dy + 2L * i);
                FloatVector s = sigmoid(g);
                Lanes.storeBf16(slope(g, s).mul(d.mul(Lanes.loadBf16(gate + next + 2L * i))), dGate + 2L * i);
                Lanes.storeBf16(d.mul(g.mul(s)), dGate + next + 2L * i);
            }
        }
        for (int i = whole; i < width; i++) {
            float g = Memory.load(dtype, gate, i);
            float d = Memory.load(dtype, dy, i);
            float s = sigmoid(g);
            float du = d * Memory.load(dtype, gate + next, i);
            Memory.store(dtype, dGate, i, s * (1 + g * (1 - s)) * du);
            Memory.store(dtype, dGate + next, i, d * (g * s));
        }
    }

    /** σ·(1 + g·(1 − σ)), the derivative of g·σ(g). */
    private static FloatVector slope(FloatVector g, FloatVector s) {
        return Lanes.all(1).sub(s).fma(g, Lanes.all(1)).mul(s);
    }

    private static FloatVector sigmoid(FloatVector z) {
        return Lanes.all(1).div(Lanes.exp(z.neg().min(MOST).max(-MOST)).add(1));
    }

    private static float sigmoid(float z) {
        return (float) (1 / (1 + Math.exp(-z)));
    }
}
