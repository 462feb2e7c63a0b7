package io.github.dyt4j.models;

import io.github.dyt4j.torch.Gelu;
import io.github.dyt4j.torch.Parameters;
import java.util.function.UnaryOperator;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** fc2(GELU(fc1(x))), GELU the exact one with erf unless said otherwise (Dosovitskiy et al. 2021, section 3.1). */
public final class Mlp {
    private final Linear fc1;
    private final Linear fc2;
    private final UnaryOperator<Tensor> gelu;

    public Mlp(Parameters p, int dim, int hidden) {
        this(new Linear(p.child("fc1"), dim, hidden), new Linear(p.child("fc2"), hidden, dim));
    }

    Mlp(Linear fc1, Linear fc2) {
        this(fc1, fc2, torch::gelu);
    }

    /** @param gelu the exact one or {@link Gelu#tanh} */
    Mlp(Linear fc1, Linear fc2, UnaryOperator<Tensor> gelu) {
        this.fc1 = fc1;
        this.fc2 = fc2;
        this.gelu = gelu;
    }

    public Tensor forward(Tensor x) { // (B, N, E)
        return fc2.forward(gelu.apply(fc1.forward(x)));
    }

    /** The layer that reads the input. */
    Linear fc1() {
        return fc1;
    }
}
