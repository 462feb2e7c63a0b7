package io.github.dyt4j.kernels;

import static io.github.dyt4j.kernels.Lanes.COUNT;
import static io.github.dyt4j.kernels.Lanes.F32;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;

/** {@link AdamWKernel}, vectorised and on all threads, arithmetic in f32. Blocks are cut by the count alone, so threads change no bit. */
public final class AdamWVector implements AdamWKernel {
    /** A multiple of every vector's length. */
    private static final int BLOCK = 1 << 14;

    @Override
    public void step(AdamWCall call, long p, long g, long m, long v) {
        RowPool.run(blocks(call.count()), block -> {
            long at = 4L * BLOCK * block;
            block(call, length(call.count(), block), p + at, g + at, m + at, v + at);
        });
    }

    private static int blocks(long count) {
        return Math.toIntExact(Math.ceilDiv(count, BLOCK));
    }

    private static int length(long count, int block) {
        return (int) Math.min(BLOCK, count - (long) BLOCK * block);
    }

    private static void block(AdamWCall call, int n, long p, long g, long m, long v) {
        float scale = (float) call.scale();
        float one1 = (float) (1 - call.beta1());
        float beta2 = (float) call.beta2();
        float one2 = (float) (1 - call.beta2());
        float inverse = (float) (1 / call.root());
        float eps = (float) call.eps();
        float keep = (float) call.keep();
        float rate = (float) -call.rate();
        int whole = n - n % COUNT;
        for (int i = 0; i < whole; i += COUNT) {
            long at = 4L * i;
            FloatVector gradient = Lanes.loadF32(g + at).mul(scale);
            FloatVector mean = Lanes.loadF32(m + at);
            mean = gradient.sub(mean).fma(Lanes.all(one1), mean);
            FloatVector square = gradient.mul(gradient)
                    .fma(Lanes.all(one2), Lanes.loadF32(v + at).mul(beta2));
            FloatVector below = square.sqrt().fma(Lanes.all(inverse), Lanes.all(eps));
            Lanes.storeF32(mean, m + at);
            Lanes.storeF32(square, v + at);
            Lanes.storeF32(mean.mul(rate).div(below).add(Lanes.loadF32(p + at).mul(keep)), p + at);
        }
        for (int i = whole; i < n; i++) {
            float gradient = Memory.f32(g, i) * scale;
            float before = Memory.f32(m, i);
            float mean = Math.fma(gradient - before, one1, before);
            float square = Math.fma(gradient * gradient, one2, Memory.f32(v, i) * beta2);
            float below = Math.fma((float) Math.sqrt(square), inverse, eps);
            Memory.f32(m, i, mean);
            Memory.f32(v, i, square);
            Memory.f32(p, i, mean * rate / below + Memory.f32(p, i) * keep);
        }
    }

    /** Within a block in f32, which loses less than the block's 2⁻²⁴-th part a lane; over blocks in f64. */
    @Override
    public double squares(long count, long x) {
        double[] sums = new double[blocks(count)];
        RowPool.run(sums.length, block -> sums[block] = squares(length(count, block), x + 4L * BLOCK * block));
        double sum = 0;
        for (double s : sums) {
            sum += s;
        }
        return sum;
    }

    private static float squares(int n, long x) {
        FloatVector even = FloatVector.zero(F32);
        FloatVector odd = FloatVector.zero(F32);
        int i = 0;
        for (; i <= n - 2 * COUNT; i += 2 * COUNT) {
            FloatVector a = Lanes.loadF32(x + 4L * i);
            FloatVector b = Lanes.loadF32(x + 4L * (i + COUNT));
            even = a.fma(a, even);
            odd = b.fma(b, odd);
        }
        for (; i < n; i += COUNT) {
            VectorMask<Float> in = F32.indexInRange(i, n);
            FloatVector a = FloatVector.fromMemorySegment(F32, Memory.ALL, x + 4L * i, Lanes.ORDER, in);
            even = a.fma(a, even);
        }
        return Lanes.sum(even.add(odd));
    }
}
