package io.github.dyt4j.kernels;

import java.lang.foreign.Arena;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/** One shape with random values, and what a kernel makes of it. */
record PointwiseCase(PointwiseCall call, Buffer x, Buffer dy, Arena arena) {
    /** A shape to try: outer x channels x inner. */
    record Shape(int outer, int channels, int inner) {}

    /** Which parameters there are. */
    record Parts(boolean alpha, boolean perChannel, boolean shift, boolean gamma, boolean beta) {
        static Parts random(RandomGenerator random) {
            boolean alpha = random.nextInt(4) > 0;
            return new Parts(
                    alpha,
                    alpha && random.nextBoolean(),
                    random.nextBoolean(),
                    random.nextBoolean(),
                    random.nextBoolean());
        }
    }

    static PointwiseCase random(
            Arena arena, RandomGenerator random, Squash squash, Dtype dtype, Shape shape, Parts parts) {
        int channels = shape.channels();
        PointwiseCall call = new PointwiseCall(
                squash,
                dtype,
                random.nextInt(3) == 0 ? Accuracy.BF16 : Accuracy.of(dtype),
                shape.outer(),
                channels,
                shape.inner(),
                parts.alpha() ? parameter(arena, random, parts.perChannel() ? channels : 1, 0.5) : 0,
                parts.perChannel(),
                parts.shift() ? parameter(arena, random, 1, 0) : 0,
                parts.gamma() ? parameter(arena, random, channels, 1) : 0,
                parts.beta() ? parameter(arena, random, channels, 0) : 0);
        int size = Math.toIntExact(call.size());
        return new PointwiseCase(
                call,
                new Buffer(arena, dtype, size).fill(i -> 3 * random.nextGaussian()),
                new Buffer(arena, dtype, size).fill(i -> random.nextGaussian()),
                arena);
    }

    private static long parameter(Arena arena, RandomGenerator random, int size, double mean) {
        return new Buffer(arena, Dtype.F32, size)
                .fill(i -> mean + 0.3 * random.nextGaussian())
                .address();
    }

    /** y, dx, dAlpha, dShift, dGamma, dBeta; the guards of each were checked. */
    Map<String, float[]> run(PointwiseKernel kernel) {
        Map<String, Buffer> out = new TreeMap<>();
        out.put("y", new Buffer(arena, call.dtype(), x.size));
        out.put("dx", new Buffer(arena, call.dtype(), x.size));
        out.put("dAlpha", new Buffer(arena, Dtype.F32, call.alphaPerChannel() ? call.channels() : 1));
        out.put("dShift", new Buffer(arena, Dtype.F32, 1));
        out.put("dGamma", new Buffer(arena, Dtype.F32, call.channels()));
        out.put("dBeta", new Buffer(arena, Dtype.F32, call.channels()));
        kernel.forward(call, x.address(), out.get("y").address());
        kernel.backward(
                call,
                x.address(),
                dy.address(),
                out.get("dx").address(),
                out.get("dAlpha").address(),
                out.get("dShift").address(),
                out.get("dGamma").address(),
                out.get("dBeta").address());
        Map<String, float[]> values = new TreeMap<>();
        out.forEach((name, buffer) -> {
            buffer.assertGuards(name);
            values.put(name, buffer.values());
        });
        return values;
    }

    int channel(int i) {
        return (int) (i / call.inner() % call.channels());
    }

    double alpha(int c) {
        return Memory.f32Or(call.alpha(), call.alphaPerChannel() ? c : 0, 1);
    }

    double shift() {
        return Memory.f32Or(call.shift(), 0, 0);
    }

    double gamma(int c) {
        return Memory.f32Or(call.gamma(), c, 1);
    }

    double beta(int c) {
        return Memory.f32Or(call.beta(), c, 0);
    }
}
