package io.github.dyt4j.kernels;

/** {@link FewRowsKernel} from its formula, in f64, a value at a time: what the vector kernel is tested against. */
public final class FewRowsOracle implements FewRowsKernel {
    @Override
    public void forward(FewRowsCall call, long x, long w, long bias, long y) {
        for (int row = 0; row < call.rows(); row++) {
            for (int i = 0; i < call.out(); i++) {
                double sum = bias == 0 ? 0 : Memory.load(Dtype.BF16, bias, i);
                for (int j = 0; j < call.in(); j++) {
                    sum += (double) Memory.load(Dtype.BF16, x, (long) row * call.in() + j)
                            * Memory.load(Dtype.BF16, w, (long) i * call.in() + j);
                }
                Memory.store(Dtype.BF16, y, (long) row * call.out() + i, sum);
            }
        }
    }
}
