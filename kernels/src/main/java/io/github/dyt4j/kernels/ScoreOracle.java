package io.github.dyt4j.kernels;

/** {@link ScoreKernel} from its formulas, in f64, a value at a time: what the vector kernel is tested against. */
public final class ScoreOracle implements ScoreKernel {
    @Override
    public void backward(ScoreCall call, long scores, long dP, long d, long p, long dS) {
        for (long row = 0; row < call.matrices() * call.rows(); row++) {
            long at = row * call.columns();
            int n = call.visible(row);
            double max = Double.NEGATIVE_INFINITY;
            for (int j = 0; j < n; j++) {
                max = Math.max(max, Memory.f32(scores, at + j));
            }
            double sum = 0;
            for (int j = 0; j < n; j++) {
                sum += Math.exp(call.scale() * (Memory.f32(scores, at + j) - max));
            }
            for (int j = 0; j < call.columns(); j++) {
                double probability = j < n ? Math.exp(call.scale() * (Memory.f32(scores, at + j) - max)) / sum : 0;
                double gradient =
                        j < n ? call.scale() * probability * (Memory.f32(dP, at + j) - (double) Memory.f32(d, row)) : 0;
                Memory.store(call.dtype(), p, at + j, probability);
                Memory.store(call.dtype(), dS, at + j, gradient);
            }
        }
    }
}
