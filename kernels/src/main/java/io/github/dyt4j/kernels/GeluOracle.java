package io.github.dyt4j.kernels;

/** {@link GeluKernel} from its formulas, in f64, a value at a time: what the vector kernel is tested against. */
public final class GeluOracle implements GeluKernel {
    private static final double ROOT_TWO_OVER_PI = Math.sqrt(2 / Math.PI);
    private static final double CUBIC = 0.044715;

    @Override
    public void forward(GeluCall call, long x, long y) {
        for (long i = 0; i < call.count(); i++) {
            Memory.store(call.dtype(), y, i, value(Memory.load(call.dtype(), x, i)));
        }
    }

    @Override
    public void backward(GeluCall call, long x, long dy, long dx) {
        for (long i = 0; i < call.count(); i++) {
            double d = Memory.load(call.dtype(), dy, i);
            Memory.store(call.dtype(), dx, i, d * slope(Memory.load(call.dtype(), x, i)));
        }
    }

    static double value(double x) {
        return x * phi(x);
    }

    static double slope(double x) {
        double du = ROOT_TWO_OVER_PI * (1 + 3 * CUBIC * x * x);
        return phi(x) + x * (0.5 * Squash.TANH.slope(u(x)) * du);
    }

    private static double phi(double x) {
        return 0.5 * (1 + Squash.TANH.value(u(x)));
    }

    private static double u(double x) {
        return ROOT_TWO_OVER_PI * (x + CUBIC * x * x * x);
    }
}
