package io.github.dyt4j.lab.bench;

import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.LongConvolution;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.SelectiveScan;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;

/** One sequence through one layer, forward and backward to all of its inputs, everything but these and dy made anew in each call. */
final class LengthCase implements AutoCloseable {
    private final LongLayer layer;
    private final List<Tensor> inputs;
    private final Tensor dy;

    LengthCase(LongLayer layer, long length, int channels, int states) {
        this.layer = layer;
        inputs = switch (layer) {
            case SCAN ->
                List.of(
                        made(() -> torch.randn(1, length, channels)),
                        made(() -> torch.softplus(torch.randn(1, length, channels))),
                        made(() -> torch.randn(channels, states).exp().neg()),
                        made(() -> torch.randn(1, length, states)),
                        made(() -> torch.randn(1, length, states)),
                        made(() -> torch.randn(channels)));
            case CONVOLUTION ->
                List.of(
                        made(() -> torch.randn(1, channels, length)),
                        made(() -> torch.randn(channels, length)),
                        made(() -> torch.randn(channels)));
        };
        dy = made(() -> torch.randn_like(inputs.getFirst()));
        inputs.forEach(t -> t.set_requires_grad(true));
    }

    private static Tensor made(Supplier<Tensor> values) {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            return Scope.keep(values.get());
        }
    }

    void both() {
        try (var _ = new Scope()) {
            Tensor y = switch (layer) {
                case SCAN ->
                    SelectiveScan.apply(
                            inputs.get(0), inputs.get(1), inputs.get(2), inputs.get(3), inputs.get(4), inputs.get(5));
                case CONVOLUTION -> LongConvolution.apply(inputs.get(0), inputs.get(1), inputs.get(2));
            };
            torch.grad(
                    new TensorVector(y),
                    new TensorVector(inputs.toArray(Tensor[]::new)),
                    new TensorVector(dy),
                    new BoolOptional(false),
                    false,
                    false);
        }
    }

    @Override
    public void close() {
        inputs.forEach(Scope::release);
        Scope.release(dy);
    }
}
