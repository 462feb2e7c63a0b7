package io.github.dyt4j.kernels;

/** {@link SwiGluKernel} from its formulas, in f64, a value at a time: what the vector kernel is tested against. */
public final class SwiGluOracle implements SwiGluKernel {
    @Override
    public void forward(SwiGluCall call, long gate, long up, long stride, long y) {
        for (long row = 0; row < call.rows(); row++) {
            for (int i = 0; i < call.width(); i++) {
                double g = Memory.load(call.dtype(), gate, row * stride + i);
                double u = Memory.load(call.dtype(), up, row * stride + i);
                Memory.store(call.dtype(), y, row * call.width() + i, g * sigmoid(g) * u);
            }
        }
    }

    @Override
    public void backward(SwiGluCall call, long gateUp, long dy, long dGateUp) {
        for (long row = 0; row < call.rows(); row++) {
            for (int i = 0; i < call.width(); i++) {
                long gate = 2 * row * call.width() + i;
                long up = gate + call.width();
                double g = Memory.load(call.dtype(), gateUp, gate);
                double u = Memory.load(call.dtype(), gateUp, up);
                double d = Memory.load(call.dtype(), dy, row * call.width() + i);
                double s = sigmoid(g);
                Memory.store(call.dtype(), dGateUp, gate, d * u * s * (1 + g * (1 - s)));
                Memory.store(call.dtype(), dGateUp, up, d * g * s);
            }
        }
    }

    private static double sigmoid(double z) {
        return 1 / (1 + Math.exp(-z));
    }
}
