package io.github.dyt4j.torch;

import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/** {@code x}: no norm and no parameters; what latency is subtracted against. */
public final class IdentityNorm implements Norm {
    private final Norms norms;
    private final String name;
    private final Site site;

    IdentityNorm(Norms norms, String name, Site site) {
        this.norms = norms;
        this.name = name;
        this.site = site;
    }

    @Override
    public Tensor forward(Tensor x) {
        norms.seen(this, x);
        return x;
    }

    @Override
    public Tensor squashed(Tensor x) {
        return x;
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public Site site() {
        return site;
    }

    @Override
    public float @Nullable [] alpha() {
        return null;
    }

    @Override
    public @Nullable Tensor weight() {
        return null;
    }

    @Override
    public @Nullable Tensor bias() {
        return null;
    }

    @Override
    public void fold(boolean on) {} // no γ, no β

    @Override
    public boolean folded() {
        return false;
    }
}
