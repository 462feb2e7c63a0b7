package io.github.dyt4j.models;

import io.github.dyt4j.torch.Parameters;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** How a residual branch f(x) comes back to its stream x. */
@FunctionalInterface
interface Residual {
    /** x + f (He et al. 2016, eq. 1). */
    Residual SUM = Tensor::add;

    Tensor join(Tensor x, Tensor f); // both (B, …, E)

    /** x + s·f, s (1) a parameter. */
    static Residual scaled(Parameters p, String name, double start) {
        Tensor s = p.parameter(name, Init.full(start, 1));
        return (x, f) -> torch.addcmul(x, s, f);
    }
}
