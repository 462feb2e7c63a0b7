package io.github.dyt4j.kernels;

/** {@link OneQueryKernel} from its formula, in f64, a value at a time: what the vector kernel is tested against. */
public final class OneQueryOracle implements OneQueryKernel {
    @Override
    public void forward(OneQueryCall call, long q, long k, long v, long y) {
        int d = call.headDim();
        for (int head = 0; head < call.heads(); head++) {
            long at = head / call.group() * call.stride();
            double[] p = new double[call.seen()];
            double max = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < p.length; j++) {
                for (int c = 0; c < d; c++) {
                    p[j] += value(q, (long) head * d + c) * value(k, at + (long) j * d + c) * call.scale();
                }
                max = Math.max(max, p[j]);
            }
            double sum = 0;
            for (int j = 0; j < p.length; j++) {
                p[j] = Math.exp(p[j] - max);
                sum += p[j];
            }
            for (int c = 0; c < d; c++) {
                double mean = 0;
                for (int j = 0; j < p.length; j++) {
                    mean += p[j] / sum * value(v, at + (long) j * d + c);
                }
                Memory.store(Dtype.BF16, y, (long) head * d + c, mean);
            }
        }
    }

    private static double value(long address, long index) {
        return Memory.load(Dtype.BF16, address, index);
    }
}
