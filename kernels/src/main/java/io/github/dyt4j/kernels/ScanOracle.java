package io.github.dyt4j.kernels;

/** {@link ScanKernel} from its formulas, in f64, a channel at a time: what the vector kernel is tested against. It keeps nothing. */
public final class ScanOracle implements ScanKernel {
    @Override
    public void forward(ScanCall call, Inputs in, long y, long kept) {
        int states = call.states();
        for (long s = 0; s < call.batch(); s++) {
            for (int d = 0; d < call.channels(); d++) {
                double[][] h = states(call, in, s, d);
                for (int t = 0; t < call.length(); t++) {
                    long row = s * call.length() + t;
                    double sum = (double) Memory.f32(in.d(), d) * Memory.f32(in.u(), row * call.channels() + d);
                    for (int n = 0; n < states; n++) {
                        sum += Memory.f32(in.c(), row * states + n) * h[t + 1][n];
                    }
                    Memory.f32(y, row * call.channels() + d, sum);
                }
            }
        }
    }

    /** h before the first token and after each. */
    private static double[][] states(ScanCall call, Inputs in, long sequence, int d) {
        int length = Math.toIntExact(call.length());
        double[][] h = new double[length + 1][call.states()];
        for (int t = 0; t < length; t++) {
            long row = sequence * length + t;
            double delta = Memory.f32(in.delta(), row * call.channels() + d);
            double u = Memory.f32(in.u(), row * call.channels() + d);
            for (int n = 0; n < call.states(); n++) {
                h[t + 1][n] = decay(call, in, delta, d, n) * h[t][n]
                        + delta * Memory.f32(in.b(), row * call.states() + n) * u;
            }
        }
        return h;
    }

    private static double decay(ScanCall call, Inputs in, double delta, int d, int n) {
        return Math.exp(delta * Memory.f32(in.a(), (long) d * call.states() + n));
    }

    @Override
    public void backward(ScanCall call, Inputs in, long kept, long dy, Gradients out, long scratch) {
        int states = call.states();
        double[] dA = new double[call.channels() * states];
        double[] dB = new double[Math.toIntExact(call.batch() * call.length() * states)];
        double[] dC = new double[dB.length];
        double[] dD = new double[call.channels()];
        for (long s = 0; s < call.batch(); s++) {
            for (int d = 0; d < call.channels(); d++) {
                double[][] h = states(call, in, s, d);
                double[] dh = new double[states];
                for (int t = (int) call.length() - 1; t >= 0; t--) {
                    int row = (int) (s * call.length() + t);
                    long at = (long) row * call.channels() + d;
                    double u = Memory.f32(in.u(), at);
                    double delta = Memory.f32(in.delta(), at);
                    double g = Memory.f32(dy, at);
                    double intoState = 0;
                    double dDelta = 0;
                    for (int n = 0; n < states; n++) {
                        int i = row * states + n;
                        double a = Memory.f32(in.a(), (long) d * states + n);
                        double whole = dh[n] + Memory.f32(in.c(), i) * g;
                        intoState += whole * Memory.f32(in.b(), i);
                        dB[i] += whole * delta * u;
                        dC[i] += g * h[t + 1][n];
                        dh[n] = whole * decay(call, in, delta, d, n);
                        dDelta += dh[n] * h[t][n] * a;
                        dA[d * states + n] += dh[n] * h[t][n] * delta;
                    }
                    dD[d] += g * u;
                    store(out.u(), at, delta * intoState + Memory.f32(in.d(), d) * g);
                    store(out.delta(), at, u * intoState + dDelta);
                }
            }
        }
        Memory.write(out.a(), dA);
        Memory.write(out.b(), dB);
        Memory.write(out.c(), dC);
        Memory.write(out.d(), dD);
    }

    private static void store(long address, long index, double value) {
        if (address != 0) {
            Memory.f32(address, index, value);
        }
    }
}
