package io.github.dyt4j.kernels;

/** {@link RotaryKernel} from its formulas, in f64, a value at a time: what the vector kernel is tested against. */
public final class RotaryOracle implements RotaryKernel {
    @Override
    public void turn(RotaryCall call, long x, long cos, long sin, long y) {
        int half = call.half();
        for (long b = 0; b < call.batch(); b++) {
            for (long h = 0; h < call.heads(); h++) {
                for (long t = 0; t < call.tokens(); t++) {
                    long from = call.from().at(b, h, t);
                    long to = call.to().at(b, h, t);
                    for (int i = 0; i < half; i++) {
                        double c = Memory.f32(cos, t * half + i);
                        double s = call.sign() * (double) Memory.f32(sin, t * half + i);
                        double lower = Memory.load(call.in(), x, from + i);
                        double upper = Memory.load(call.in(), x, from + half + i);
                        Memory.store(call.out(), y, to + i, lower * c - upper * s);
                        Memory.store(call.out(), y, to + half + i, upper * c + lower * s);
                    }
                }
            }
        }
    }
}
