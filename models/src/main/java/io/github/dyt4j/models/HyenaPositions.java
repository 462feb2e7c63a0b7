package io.github.dyt4j.models;

import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Scope;
import java.util.Objects;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptions;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.jspecify.annotations.Nullable;

/**
 * What a {@link HyenaFilter} knows of a lag t of 0 to l_max − 1 before it learns anything (Poli et al. 2023, "Hyena Hierarchy", section 3.3
 * and appendix D.3, with the numbers of the authors' code):
 *
 * <ul>
 *   <li>features {@code [τ, cos(f_j·ω), −sin(f_j·ω)]} with τ = t/(l_max − 1), ω = 2π·t/l_max and (emb_dim − 1)/2 frequencies f_j in equal steps
 *       from 1e-4 to their number less 1;
 *   <li>the window {@code exp(−|δ_c|·τ) + 0.05}, whose channels decay at rates δ_c in equal steps from ln(0.01)/1.5 to ln(0.01)/0.3: to 1% at
 *       1.5 and at 0.3 of the longest sequence.
 * </ul>
 *
 * All blocks of a model share it. It holds the tables of the longest sequence so far.
 */
final class HyenaPositions implements AutoCloseable {
    private static final double SLOW = 1.5;
    private static final double FAST = 0.3;
    private static final double TARGET = 0.01;
    private static final double SHIFT = 0.05;

    private final int channels;
    private final int embDim;
    private final int lMax;
    private @Nullable Tensor features;
    private @Nullable Tensor window;

    HyenaPositions(int channels, int embDim, int lMax) {
        this.channels = channels;
        this.embDim = embDim;
        this.lMax = lMax;
    }

    /** (L, emb_dim). */
    Tensor features(long l) {
        extend(l);
        return Objects.requireNonNull(features).narrow(0, 0, l);
    }

    /** (D, L). */
    Tensor window(long l) {
        extend(l);
        return Objects.requireNonNull(window).narrow(1, 0, l);
    }

    private void extend(long l) {
        if (features != null && features.size(0) >= l) {
            return;
        }
        close();
        try (var _ = new Scope();
                var _ = Grad.off()) {
            Tensor t = torch.arange(new Scalar(l), new TensorOptions(ScalarType.Double))
                    .unsqueeze(1); // (L, 1)
            Tensor tau = t.div(new Scalar(lMax - 1.0));
            int bands = (embDim - 1) / 2;
            Tensor angles = t.mul(new Scalar(2 * Math.PI / lMax)).mul(steps(1e-4, bands - 1.0, bands)); // (L, bands)
            features = Scope.keep(
                    torch.cat(new TensorVector(tau, angles.cos(), angles.sin().neg_()), 1)
                            .to(ScalarType.Float));
            Tensor rates = steps(Math.log(TARGET) / SLOW, Math.log(TARGET) / FAST, channels);
            // One channel at a time is what the product with the filter reads, and f32 keeps the table of a long
            // sequence small.
            window = Scope.keep(rates.unsqueeze(1)
                    .to(ScalarType.Float)
                    .mul(tau.squeeze(1).to(ScalarType.Float))
                    .exp_()
                    .add_(new Scalar(SHIFT))); // (D, L)
        }
    }

    /** From one number to another in n equal steps; the first alone where n is 1. */
    private static Tensor steps(double first, double last, int n) {
        return torch.linspace(new Scalar(first), new Scalar(last), n, new TensorOptions(ScalarType.Double));
    }

    @Override
    public void close() {
        if (features != null && window != null) {
            Scope.release(features);
            Scope.release(window);
            features = null;
            window = null;
        }
    }
}
