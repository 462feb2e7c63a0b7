package io.github.dyt4j.models;

import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import java.util.Objects;
import org.bytedeco.pytorch.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Rotary position embedding: the pair (x_i, x_{i+d/2}) at position p turns by p·ω_i, ω_i = base^(−2i/d) (Su et al. 2021, section 3.2, with
 * the halves paired as in Hugging Face's LLaMA).
 */
public final class Rope implements AutoCloseable {
    /**
     * Llama 3's stretching of ω to longer contexts: wavelengths 2π/ω under {@code original/highFreqFactor} stay, those over
     * {@code original/lowFreqFactor} grow by {@code factor}, and between them the two are mixed linearly in original/wavelength.
     */
    public record Scaling(
            double factor, double lowFreqFactor, double highFreqFactor, int originalMaxPositionEmbeddings) {
        double apply(double omega) {
            double turns = originalMaxPositionEmbeddings * omega / (2 * Math.PI);
            double smooth = Math.clamp((turns - lowFreqFactor) / (highFreqFactor - lowFreqFactor), 0, 1);
            return (1 - smooth) * omega / factor + smooth * omega;
        }
    }

    private final int headDim;
    private final double base;
    private final @Nullable Scaling scaling;
    private @Nullable Tensor cos;
    private @Nullable Tensor sin;

    public Rope(int headDim, double base, @Nullable Scaling scaling) {
        this.headDim = headDim;
        this.base = base;
        this.scaling = scaling;
    }

    /** Cosines (T, d/2) of the angles of the positions from {@code from} on. */
    public Tensor cos(int from, int t) {
        extend(from + t);
        return Objects.requireNonNull(cos).narrow(0, from, t);
    }

    /** Sines (T, d/2). */
    public Tensor sin(int from, int t) {
        extend(from + t);
        return Objects.requireNonNull(sin).narrow(0, from, t);
    }

    /** Has the tables reach {@code positions}, a power of two at a time. */
    private void extend(int positions) {
        if (cos != null && cos.size(0) >= positions) {
            return;
        }
        int rows = Math.max(64, Integer.highestOneBit(positions - 1) << 1);
        int half = headDim / 2;
        float[] c = new float[Math.multiplyExact(rows, half)];
        float[] s = new float[c.length];
        for (int i = 0; i < half; i++) {
            double omega = Math.pow(base, -2.0 * i / headDim);
            // f32 as in the reference, whose angles at far positions would else differ.
            float w = (float) (scaling == null ? omega : scaling.apply(omega));
            for (int p = 0; p < rows; p++) {
                float angle = p * w;
                c[p * half + i] = (float) Math.cos(angle);
                s[p * half + i] = (float) Math.sin(angle);
            }
        }
        close();
        try (var _ = new Scope();
                var _ = Grad.off()) {
            cos = Scope.keep(Tensors.of(c, rows, half));
            sin = Scope.keep(Tensors.of(s, rows, half));
        }
    }

    @Override
    public void close() {
        if (cos != null && sin != null) {
            Scope.release(cos);
            Scope.release(sin);
            cos = null;
            sin = null;
        }
    }
}
