package io.github.dyt4j.kernels;

/** {@link AdamWKernel} from its formulas, in f64, a value at a time: what the vector kernel is tested against. */
public final class AdamWOracle implements AdamWKernel {
    @Override
    public void step(AdamWCall call, long p, long g, long m, long v) {
        for (long i = 0; i < call.count(); i++) {
            double gradient = call.scale() * Memory.f32(g, i);
            double mean = call.beta1() * Memory.f32(m, i) + (1 - call.beta1()) * gradient;
            double square = call.beta2() * Memory.f32(v, i) + (1 - call.beta2()) * gradient * gradient;
            double down = call.rate() * mean / (Math.sqrt(square) / call.root() + call.eps());
            Memory.f32(m, i, mean);
            Memory.f32(v, i, square);
            Memory.f32(p, i, call.keep() * Memory.f32(p, i) - down);
        }
    }

    @Override
    public double squares(long count, long x) {
        double sum = 0;
        for (long i = 0; i < count; i++) {
            sum += (double) Memory.f32(x, i) * Memory.f32(x, i);
        }
        return sum;
    }
}
