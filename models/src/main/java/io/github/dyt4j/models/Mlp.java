package io.github.dyt4j.models;

import io.github.dyt4j.torch.Parameters;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** fc2(GELU(fc1(x))), GELU the exact one with erf (Dosovitskiy et al. 2021, section 3.1). */
public final class Mlp {
    private final Linear fc1;
    private final Linear fc2;

    public Mlp(Parameters p, int dim, int hidden) {
        this(new Linear(p.child("fc1"), dim, hidden), new Linear(p.child("fc2"), hidden, dim));
    }

    Mlp(Linear fc1, Linear fc2) {
        this.fc1 = fc1;
        this.fc2 = fc2;
    }

    public Tensor forward(Tensor x) { // (B, N, E)
        return fc2.forward(torch.gelu(fc1.forward(x)));
    }

    /** The layer that reads the input. */
    Linear fc1() {
        return fc1;
    }
}
