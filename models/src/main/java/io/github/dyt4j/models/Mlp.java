package io.github.dyt4j.models;

import io.github.dyt4j.torch.Parameters;
import java.util.Locale;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/** fc2(GELU(fc1(x))), GELU the exact one with erf unless said otherwise (Dosovitskiy et al. 2021, section 3.1). */
public final class Mlp {
    /** How GELU is computed: x·Φ(x), or ½x(1 + tanh(√(2/π)(x + 0.044715x³))) (Hendrycks and Gimpel 2016, section 2). */
    enum Gelu {
        NONE,
        TANH
    }

    private final Linear fc1;
    private final Linear fc2;
    private final String approximate;

    public Mlp(Parameters p, int dim, int hidden) {
        this(new Linear(p.child("fc1"), dim, hidden), new Linear(p.child("fc2"), hidden, dim));
    }

    Mlp(Linear fc1, Linear fc2) {
        this(fc1, fc2, Gelu.NONE);
    }

    /** With the approximate GELU, maybe. */
    Mlp(Linear fc1, Linear fc2, Gelu gelu) {
        this.fc1 = fc1;
        this.fc2 = fc2;
        approximate = gelu.name().toLowerCase(Locale.ROOT);
    }

    public Tensor forward(Tensor x) { // (B, N, E)
        return fc2.forward(torch.gelu(fc1.forward(x), approximate));
    }

    /** The layer that reads the input. */
    Linear fc1() {
        return fc1;
    }
}
