package io.github.dyt4j.kernels;

/** {@link CrossEntropyKernel} from its formulas, in f64, a value at a time: what the vector kernel is tested against. */
public final class CrossEntropyOracle implements CrossEntropyKernel {
    @Override
    public void forward(CrossEntropyCall call, long logits, long labels, long loss, long logSum) {
        for (long row = 0; row < call.rows(); row++) {
            long at = row * call.classes();
            double max = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < call.classes(); j++) {
                max = Math.max(max, Memory.load(call.dtype(), logits, at + j));
            }
            double sum = 0;
            for (int j = 0; j < call.classes(); j++) {
                sum += Math.exp(Memory.load(call.dtype(), logits, at + j) - max);
            }
            double log = max + Math.log(sum);
            Memory.f32(logSum, row, log);
            Memory.f32(loss, row, log - Memory.load(call.dtype(), logits, at + call.label(labels, row)));
        }
    }

    @Override
    public void backward(CrossEntropyCall call, long logits, long labels, long logSum, long d, long dLogits) {
        for (long row = 0; row < call.rows(); row++) {
            long at = row * call.classes();
            int label = call.label(labels, row);
            for (int j = 0; j < call.classes(); j++) {
                double p = Math.exp((double) Memory.load(call.dtype(), logits, at + j) - Memory.f32(logSum, row));
                Memory.store(call.dtype(), dLogits, at + j, Memory.f32(d, row) * (j == label ? p - 1 : p));
            }
        }
    }
}
