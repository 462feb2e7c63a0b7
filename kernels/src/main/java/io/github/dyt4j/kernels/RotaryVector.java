package io.github.dyt4j.kernels;

import static io.github.dyt4j.kernels.Lanes.COUNT;

import jdk.incubator.vector.FloatVector;

/** {@link RotaryKernel}, vectorised and on all threads: one token of one batch at a time, all of its heads. */
public final class RotaryVector implements RotaryKernel {
    private static final int VALUES = 1 << 14;

    @Override
    public void turn(RotaryCall call, long x, long cos, long sin, long y) {
        long rows = call.batch() * call.tokens();
        long each = Math.max(1, VALUES / (2L * call.half() * call.heads()));
        RowPool.run(Math.toIntExact(Math.ceilDiv(rows, each)), block -> {
            for (long row = block * each; row < Math.min(rows, (block + 1) * each); row++) {
                long t = row % call.tokens();
                long b = row / call.tokens();
                long angles = 4L * t * call.half();
                for (long h = 0; h < call.heads(); h++) {
                    long from = x + call.in().bytes() * call.from().at(b, h, t);
                    long to = y + call.out().bytes() * call.to().at(b, h, t);
                    vector(call, from, cos + angles, sin + angles, to);
                }
            }
        });
    }

    private static void vector(RotaryCall call, long x, long cos, long sin, long y) {
        int half = call.half();
        int whole = half - half % COUNT;
        if (call.out() == Dtype.F32) {
            f32(half, whole, call.sign(), x, cos, sin, y);
        } else if (call.in() == Dtype.F32) {
            narrowed(half, whole, call.sign(), x, cos, sin, y);
        } else {
            bf16(half, whole, call.sign(), x, cos, sin, y);
        }
        for (int i = whole; i < half; i++) {
            float c = Memory.f32(cos, i);
            float s = call.sign() * Memory.f32(sin, i);
            float lower = Memory.load(call.in(), x, i);
            float upper = Memory.load(call.in(), x, half + i);
            Memory.store(call.out(), y, i, lower(lower, upper, c, s));
            Memory.store(call.out(), y, half + i, lower(upper, lower, c, -s));
        }
    }

    private static float lower(float a, float b, float c, float s) {
        return Math.fma(a, c, -(b * s));
    }

    private static FloatVector lower(FloatVector a, FloatVector b, FloatVector c, FloatVector s) {
        return a.fma(c, b.mul(s).neg());
    }

    private static void f32(int half, int whole, int sign, long x, long cos, long sin, long y) {
        for (int i = 0; i < whole; i += COUNT) {
            FloatVector c = Lanes.loadF32(cos + 4L * i);
            FloatVector s = Lanes.loadF32(sin + 4L * i).mul(sign);
            FloatVector a = Lanes.loadF32(x + 4L * i);
            FloatVector b = Lanes.loadF32(x + 4L * (half + i));
            Lanes.storeF32(lower(a, b, c, s), y + 4L * i);
            Lanes.storeF32(lower(b, a, c, s.neg()), y + 4L * (half + i));
        }
    }

    private static void narrowed(int half, int whole, int sign, long x, long cos, long sin, long y) {
        for (int i = 0; i < whole; i += COUNT) {
            FloatVector c = Lanes.loadF32(cos + 4L * i);
            FloatVector s = Lanes.loadF32(sin + 4L * i).mul(sign);
            FloatVector a = Lanes.loadF32(x + 4L * i);
            FloatVector b = Lanes.loadF32(x + 4L * (half + i));
            Lanes.storeBf16(lower(a, b, c, s), y + 2L * i);
            Lanes.storeBf16(lower(b, a, c, s.neg()), y + 2L * (half + i));
        }
    }

    private static void bf16(int half, int whole, int sign, long x, long cos, long sin, long y) {
        for (int i = 0; i < whole; i += COUNT) {
            FloatVector c = Lanes.loadF32(cos + 4L * i);
            FloatVector s = Lanes.loadF32(sin + 4L * i).mul(sign);
            FloatVector a = Lanes.loadBf16(x + 2L * i);
            FloatVector b = Lanes.loadBf16(x + 2L * (half + i));
            Lanes.storeBf16(lower(a, b, c, s), y + 2L * i);
            Lanes.storeBf16(lower(b, a, c, s.neg()), y + 2L * (half + i));
        }
    }
}
