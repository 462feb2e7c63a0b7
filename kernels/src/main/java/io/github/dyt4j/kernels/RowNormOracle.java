package io.github.dyt4j.kernels;

/** LayerNorm and RMSNorm written as their formulas, one element at a time in f64: what the vector kernels are tested against. */
public final class RowNormOracle implements RowNormKernel {
    @Override
    public void forward(RowNormCall call, long x, long y, long mean, long rstd) {
        int n = call.channels();
        for (long row = 0; row < call.rows(); row++) {
            double sum = 0;
            for (int c = 0; c < n && call.centered(); c++) {
                sum += at(call, x, row, c);
            }
            double mu = sum / n;
            double squares = 0;
            for (int c = 0; c < n; c++) {
                double d = at(call, x, row, c) - mu;
                squares += d * d;
            }
            double r = 1 / Math.sqrt(squares / n + call.eps());
            for (int c = 0; c < n; c++) {
                double value = Memory.f32Or(call.gamma(), c, 1) * ((at(call, x, row, c) - mu) * r);
                Memory.store(
                        call.dtype(), y, row * n + c, call.beta() == 0 ? value : value + Memory.f32(call.beta(), c));
            }
            if (mean != 0) {
                Memory.f32(mean, row, mu);
            }
            if (rstd != 0) {
                Memory.f32(rstd, row, r);
            }
        }
    }

    @Override
    public void backward(RowNormCall call, long x, long mean, long rstd, long dy, long dx, long dGamma, long dBeta) {
        int n = call.channels();
        double[] sumGamma = new double[n];
        double[] sumBeta = new double[n];
        double[] xHat = new double[n];
        double[] g = new double[n];
        for (long row = 0; row < call.rows(); row++) {
            double mu = call.centered() ? Memory.f32(mean, row) : 0;
            double r = Memory.f32(rstd, row);
            double meanG = 0;
            double meanGX = 0;
            for (int c = 0; c < n; c++) {
                double dyc = at(call, dy, row, c);
                xHat[c] = (at(call, x, row, c) - mu) * r;
                g[c] = dyc * Memory.f32Or(call.gamma(), c, 1);
                sumGamma[c] += dyc * xHat[c];
                sumBeta[c] += dyc;
                meanG += call.centered() ? g[c] / n : 0;
                meanGX += g[c] * xHat[c] / n;
            }
            for (int c = 0; c < n && dx != 0; c++) {
                Memory.store(call.dtype(), dx, row * n + c, r * (g[c] - meanG - xHat[c] * meanGX));
            }
        }
        Memory.write(dGamma, sumGamma);
        Memory.write(dBeta, sumBeta);
    }

    private static double at(RowNormCall call, long address, long row, int c) {
        return Memory.load(call.dtype(), address, row * call.channels() + c);
    }
}
