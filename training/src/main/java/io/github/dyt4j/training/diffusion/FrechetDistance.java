package io.github.dyt4j.training.diffusion;

import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Scope;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.ScalarOptional;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * The Fréchet distance of two sets of features, taken as Gaussians: {@code ‖μ_a − μ_b‖² + tr(Σ_a + Σ_b − 2·(Σ_a^½·Σ_b·Σ_a^½)^½)}, squared as
 * it is written (Dowson and Landau 1982; Heusel et al. 2017, eq. 6, whose FID it is where the features are Inception's). In f64; the root by
 * the eigenvalues of symmetric matrices. It shrinks with the number of images drawn: compare only what was drawn as many times.
 */
public final class FrechetDistance {
    private FrechetDistance() {}

    /**
     * Of features a (N, D) and b (M, D), N and M at least 2.
     *
     * @return NaN where a feature is not finite
     */
    public static double between(Tensor a, Tensor b) {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            Tensor x = a.to(ScalarType.Double);
            Tensor y = b.to(ScalarType.Double);
            if (!finite(x) || !finite(y)) {
                return Double.NaN;
            }
            Tensor sigmaX = covariance(x); // (D, D)
            Tensor sigmaY = covariance(y);
            Tensor rootX = root(sigmaX);
            Tensor product = rootX.matmul(sigmaY).matmul(rootX);
            // Rounding leaves it a little unsymmetric, and eigenvalues that are 0 a little below it.
            Tensor values = torch.linalg_eigvalsh(product.add(product.t()).mul(new Scalar(0.5)));
            double overlap = nonNegative(values).sqrt().sum().item_double();
            double means = x.mean(0).sub(y.mean(0)).square().sum().item_double();
            double distance =
                    means + sigmaX.trace().item_double() + sigmaY.trace().item_double() - 2 * overlap;
            return Math.max(distance, 0);
        }
    }

    private static boolean finite(Tensor x) {
        return Double.isFinite(x.sum().item_double());
    }

    /** Σ (x − μ)(x − μ)ᵀ / (N − 1). */
    private static Tensor covariance(Tensor x) { // (N, D)
        Tensor centred = x.sub(x.mean(0));
        return centred.t().matmul(centred).mul(new Scalar(1.0 / (x.size(0) - 1))); // (D, D)
    }

    private static Tensor root(Tensor sigma) { // (D, D)
        T_TensorTensor_T eigen = torch.linalg_eigh(sigma);
        Tensor vectors = eigen.get1(); // (D, D), a column each
        return vectors.mul(nonNegative(eigen.get0()).sqrt()).matmul(vectors.t());
    }

    private static Tensor nonNegative(Tensor x) {
        return x.clamp(new ScalarOptional(new Scalar(0)), new ScalarOptional());
    }
}
