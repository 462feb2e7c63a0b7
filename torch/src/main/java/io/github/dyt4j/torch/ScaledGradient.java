package io.github.dyt4j.torch;

import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/** f(x) = x with f′ = m in backward: whatever made x learns at m times the gradient, what reads it at the whole. */
public final class ScaledGradient {
    private ScaledGradient() {}

    /** x itself, and dx = m·dy; inside the scope of the step. */
    public static Tensor of(Tensor x, double m) {
        if (m == 1 || !Grad.enabled() || !x.requires_grad()) {
            return x;
        }
        Tensor values = x.detach();
        return Splice.node(x, values, values, dy -> dy.mul(new Scalar(m)));
    }
}
