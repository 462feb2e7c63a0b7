package io.github.dyt4j.kernels;

/** The pointwise norms written as their formulas, one element at a time in f64: what the vector kernels are tested against. */
public final class PointwiseOracle implements PointwiseKernel {
    @Override
    public void forward(PointwiseCall call, long x, long y) {
        for (long i = 0; i < call.size(); i++) {
            long c = channel(call, i);
            double t = call.squash().value(argument(call, c, Memory.load(call.dtype(), x, i)));
            Memory.store(call.dtype(), y, i, affine(call, c, t));
        }
    }

    @Override
    public void backward(
            PointwiseCall call, long x, long dy, long dx, long dAlpha, long dShift, long dGamma, long dBeta) {
        double[] sumAlpha = new double[call.alphaPerChannel() ? call.channels() : 1];
        double[] sumGamma = new double[call.channels()];
        double[] sumBeta = new double[call.channels()];
        double sumShift = 0;
        for (long i = 0; i < call.size(); i++) {
            int c = channel(call, i);
            double xi = Memory.load(call.dtype(), x, i);
            double dyi = Memory.load(call.dtype(), dy, i);
            double u = argument(call, c, xi);
            double slope =
                    dyi * Memory.f32Or(call.gamma(), c, 1) * call.squash().slope(u);
            if (dx != 0) {
                Memory.store(call.dtype(), dx, i, slope * alpha(call, c));
            }
            sumAlpha[call.alphaPerChannel() ? c : 0] += slope * xi;
            sumShift += slope;
            sumGamma[c] += dyi * call.squash().value(u);
            sumBeta[c] += dyi;
        }
        Memory.write(dAlpha, sumAlpha);
        Memory.write(dShift, sumShift);
        Memory.write(dGamma, sumGamma);
        Memory.write(dBeta, sumBeta);
    }

    @Override
    public void addForward(PointwiseCall call, long x, long branch, long sum, long y) {
        Residual.add(call.dtype(), call.size(), x, branch, sum);
        forward(call, sum, y);
    }

    @Override
    public void addBackward(
            PointwiseCall call,
            long sum,
            long dy,
            long dSum,
            long dx,
            long dAlpha,
            long dShift,
            long dGamma,
            long dBeta) {
        Residual.backward(
                call.dtype(),
                call.size(),
                dSum,
                dx,
                own -> backward(call, sum, dy, own, dAlpha, dShift, dGamma, dBeta));
    }

    @Override
    public void quantize(PointwiseCall call, long x, long q, float scale) {
        for (long i = 0; i < call.size(); i++) {
            long c = channel(call, i);
            double t = call.squash().value(argument(call, c, Memory.load(call.dtype(), x, i)));
            Memory.u8(q, i, Memory.quantized(affine(call, c, t) / scale));
        }
    }

    private static int channel(PointwiseCall call, long i) {
        return (int) (i / call.inner() % call.channels());
    }

    private static double alpha(PointwiseCall call, long c) {
        return Memory.f32Or(call.alpha(), call.alphaPerChannel() ? c : 0, 1);
    }

    private static double argument(PointwiseCall call, long c, double x) {
        double u = alpha(call, c) * x;
        return call.shift() == 0 ? u : u + Memory.f32(call.shift(), 0);
    }

    private static double affine(PointwiseCall call, long c, double t) {
        double y = Memory.f32Or(call.gamma(), c, 1) * t;
        return call.beta() == 0 ? y : y + Memory.f32(call.beta(), c);
    }
}
