package io.github.dyt4j.lab.bench;

import io.github.dyt4j.kernels.Accuracy;
import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.kernels.Kernels;
import io.github.dyt4j.kernels.PointwiseCall;
import io.github.dyt4j.kernels.PointwiseOracle;
import io.github.dyt4j.torch.NormSpec;
import java.util.Map;
import java.util.Objects;

/** y = γ·f(αx+s)+β and its gradients on the buffers of a shape. */
record OwnPointwise(Buffers buffers, PointwiseCall call) implements OwnNorm {
    static OwnPointwise of(NormSpec spec, Map<String, float[]> state, Buffers b) {
        float[] alpha = state.get("norm.alpha");
        return new OwnPointwise(
                b,
                new PointwiseCall(
                        Objects.requireNonNull(spec.function().squash()),
                        b.dtype,
                        spec.accuracy(b.dtype),
                        b.shape.rows(),
                        b.shape.width(),
                        1,
                        OwnNorm.parameter(b, state, "alpha"),
                        alpha != null && alpha.length > 1,
                        OwnNorm.parameter(b, state, "shift"),
                        OwnNorm.parameter(b, state, "weight"),
                        OwnNorm.parameter(b, state, "bias")));
    }

    /** The same without γ and β, as after folding them into the linear layer behind. */
    OwnPointwise folded(Accuracy accuracy) {
        return new OwnPointwise(
                buffers,
                new PointwiseCall(
                        call.squash(),
                        call.dtype(),
                        accuracy,
                        call.outer(),
                        call.channels(),
                        1,
                        call.alpha(),
                        call.alphaPerChannel(),
                        call.shift(),
                        0,
                        0));
    }

    @Override
    public void forward() {
        Kernels.pointwise().forward(call, buffers.x, buffers.y);
    }

    @Override
    public void backward() {
        Kernels.pointwise()
                .backward(
                        call,
                        buffers.x,
                        buffers.dy,
                        buffers.dx,
                        call.alpha() == 0 ? 0 : buffers.dAlpha,
                        call.shift() == 0 ? 0 : buffers.dShift,
                        call.gamma() == 0 ? 0 : buffers.dGamma,
                        call.beta() == 0 ? 0 : buffers.dBeta);
    }

    /** x + dy stands for a residual stream and its branch: the sum goes to {@code sum}, y to y. */
    void addForward(long sum) {
        Kernels.pointwise().addForward(call, buffers.x, buffers.dy, sum, buffers.y);
    }

    /** {@code sum} and y of the forward before are read, as the sum and as what reaches it past the norm. */
    void addBackward(long sum) {
        Kernels.pointwise()
                .addBackward(
                        call,
                        sum,
                        buffers.dy,
                        buffers.y,
                        buffers.dx,
                        call.alpha() == 0 ? 0 : buffers.dAlpha,
                        0,
                        call.gamma() == 0 ? 0 : buffers.dGamma,
                        call.beta() == 0 ? 0 : buffers.dBeta);
    }

    /** One byte an element into y's memory. */
    void quantize() {
        Kernels.pointwise().quantize(call, buffers.x, buffers.y, 1 / 127f);
    }

    @Override
    public void oracle(long rows, long x, long y) {
        var slice = new PointwiseCall(
                call.squash(),
                Dtype.F32,
                Accuracy.F32,
                rows,
                call.channels(),
                1,
                call.alpha(),
                call.alphaPerChannel(),
                call.shift(),
                call.gamma(),
                call.beta());
        new PointwiseOracle().forward(slice, x, y);
    }
}
