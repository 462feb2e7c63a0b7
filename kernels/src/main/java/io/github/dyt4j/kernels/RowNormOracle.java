package io.github.dyt4j.kernels;

import java.lang.foreign.Arena;

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

    @Override
    public void addForward(RowNormCall call, long x, long branch, long sum, long y, long mean, long rstd) {
        Residual.add(call.dtype(), call.rows() * call.channels(), x, branch, sum);
        forward(call, sum, y, mean, rstd);
    }

    @Override
    public void addBackward(
            RowNormCall call, long sum, long mean, long rstd, long dy, long dSum, long dx, long dGamma, long dBeta) {
        Residual.backward(
                call.dtype(),
                call.rows() * call.channels(),
                dSum,
                dx,
                own -> backward(call, sum, mean, rstd, dy, own, dGamma, dBeta));
    }

    @Override
    public void quantize(RowNormCall call, long x, long q, long scales) {
        int n = call.channels();
        try (Arena arena = Arena.ofConfined()) {
            RowNormCall f32 = new RowNormCall(call.centered(), Dtype.F32, 1, n, call.eps(), call.gamma(), call.beta());
            long in = arena.allocate(4L * n, 4).address();
            long y = arena.allocate(4L * n, 4).address();
            for (long row = 0; row < call.rows(); row++) {
                double most = 0;
                for (int c = 0; c < n; c++) {
                    Memory.f32(in, c, at(call, x, row, c));
                }
                forward(f32, in, y, 0, 0);
                for (int c = 0; c < n; c++) {
                    most = Math.max(most, Math.abs(Memory.f32(y, c)));
                }
                float scale = Double.isFinite(most) ? (float) (most / 127) : Float.NaN;
                Memory.f32(scales, row, scale);
                for (int c = 0; c < n; c++) {
                    Memory.u8(q, row * n + c, scale == 0 ? 128 : Memory.quantized(Memory.f32(y, c) / (double) scale));
                }
            }
        }
    }

    private static double at(RowNormCall call, long address, long row, int c) {
        return Memory.load(call.dtype(), address, row * call.channels() + c);
    }
}
