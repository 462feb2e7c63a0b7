package io.github.dyt4j.lab.bench;

import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.kernels.Kernels;
import io.github.dyt4j.kernels.RowNormCall;
import io.github.dyt4j.kernels.RowNormOracle;
import io.github.dyt4j.torch.NormFunction;
import io.github.dyt4j.torch.NormSpec;
import java.util.Map;

/**
 * LayerNorm or RMSNorm and its gradients on the buffers of a shape.
 *
 * @param mean address of μ, a value a row
 * @param rstd address of 1/σ, a value a row
 */
record OwnRowNorm(Buffers buffers, RowNormCall call, long mean, long rstd) implements OwnNorm {
    OwnRowNorm(Buffers b, NormSpec spec, Map<String, float[]> state) {
        this(
                b,
                new RowNormCall(
                        spec.function() == NormFunction.LAYERNORM,
                        b.dtype,
                        b.shape.rows(),
                        b.shape.width(),
                        spec.eps(),
                        OwnNorm.parameter(b, state, "weight"),
                        OwnNorm.parameter(b, state, "bias")),
                b.floats(b.shape.rows()),
                b.floats(b.shape.rows()));
        forward(); // backward alone reads its statistics
    }

    @Override
    public void forward() {
        Kernels.rowNorm().forward(call, buffers.x, buffers.y, mean, rstd);
    }

    @Override
    public void backward() {
        Kernels.rowNorm().backward(call, buffers.x, mean, rstd, buffers.dy, buffers.dx, dGamma(), dBeta());
    }

    private long dGamma() {
        return call.gamma() == 0 ? 0 : buffers.dGamma;
    }

    private long dBeta() {
        return call.beta() == 0 ? 0 : buffers.dBeta;
    }

    /** x + dy stands for a residual stream and its branch. */
    void addForward(long sum) {
        Kernels.rowNorm().addForward(call, buffers.x, buffers.dy, sum, buffers.y, mean, rstd);
    }

    void addBackward(long sum) {
        Kernels.rowNorm().addBackward(call, sum, mean, rstd, buffers.dy, buffers.y, buffers.dx, dGamma(), dBeta());
    }

    /** One byte an element into y's memory, and the rows' scales where the means were. */
    void quantize() {
        Kernels.rowNorm().quantize(call, buffers.x, buffers.y, mean);
    }

    @Override
    public void oracle(long rows, long x, long y) {
        var slice = new RowNormCall(
                call.centered(), Dtype.F32, rows, call.channels(), call.eps(), call.gamma(), call.beta());
        new RowNormOracle().forward(slice, x, y, 0, 0);
    }
}
