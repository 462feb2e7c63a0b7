package io.github.dyt4j.lab.bench;

import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Layout;
import io.github.dyt4j.torch.Norm;
import io.github.dyt4j.torch.NormSpec;
import io.github.dyt4j.torch.Norms;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Site;
import io.github.dyt4j.torch.Tensors;
import java.util.LinkedHashMap;
import java.util.Map;
import org.bytedeco.pytorch.BoolOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * One norm as a model has it: inside libtorch's autograd, everything but x and dy made anew in each call. x needs a gradient, which is asked
 * for without being added up, as that of an activation inside a model.
 */
final class LayerCase implements AutoCloseable {
    private final Parameters parameters = Parameters.root();
    private final Norm norm;
    private final Tensor x;
    private final Tensor dy;

    LayerCase(NormSpec spec, Shape shape, Dtype dtype) {
        Norms norms = new Norms(spec);
        norm = norms.at(Site.ATTENTION, parameters.child("norm"), shape.width(), Layout.LAST, true);
        try (var _ = new Scope();
                var _ = Grad.off()) {
            x = Scope.keep(random(shape, dtype));
            dy = Scope.keep(random(shape, dtype));
        }
        if (spec.calibrated()) {
            norms.calibrate(() -> norm.forward(x));
        }
        x.set_requires_grad(true);
    }

    private static Tensor random(Shape shape, Dtype dtype) {
        Tensor t = torch.randn(shape.rows(), shape.width());
        return dtype == Dtype.F32 ? t : t.to(ScalarType.BFloat16);
    }

    /** The values of a layer's parameters by name, as {@code norm.alpha}. */
    static Map<String, float[]> parameters(NormSpec spec, Shape shape) {
        try (var layer = new LayerCase(spec, new Shape(Math.min(64, shape.rows()), shape.width()), Dtype.F32)) {
            Map<String, float[]> values = new LinkedHashMap<>();
            layer.parameters.state().forEach((name, t) -> values.put(name, Tensors.floats(t)));
            return values;
        }
    }

    /** Without a graph, as in inference. */
    void infer() {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            norm.forward(x);
        }
    }

    /** With the graph that backward would need. */
    void forward() {
        try (var _ = new Scope()) {
            norm.forward(x);
        }
    }

    void both() {
        try (var _ = new Scope()) {
            Tensor y = norm.forward(x);
            var wanted = new TensorVector(x);
            parameters.trainable().values().forEach(wanted::push_back);
            // The fused norms put the gradients of their parameters into the parameters themselves.
            torch.grad(new TensorVector(y), wanted, new TensorVector(dy), new BoolOptional(false), false, true);
        }
        parameters.zeroGrad();
    }

    @Override
    public void close() {
        Scope.release(x);
        Scope.release(dy);
        parameters.close();
    }
}
