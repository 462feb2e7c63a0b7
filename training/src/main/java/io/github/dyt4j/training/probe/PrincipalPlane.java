package io.github.dyt4j.training.probe;

import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Scope;
import io.github.dyt4j.torch.Tensors;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * Features on the plane of their two largest principal components: (z − mean)·V, V the eigenvectors of their covariance with the largest eigenvalues, each
 * turned so that its largest entry is positive.
 *
 * @param points (N, 2), row by row
 * @param share of the whole variance that lies in the plane
 */
@SuppressWarnings("ArrayRecordComponent")
public record PrincipalPlane(float[] points, double share) {
    /** @param features of at least two dimensions, not all the same */
    public static PrincipalPlane of(FrozenFeatures features) {
        try (var _ = new Scope();
                var _ = Grad.off()) {
            Tensor z = features.tensor().to(ScalarType.Double); // (N, E)
            z = z.sub(z.mean(0));
            Tensor covariance = z.t().matmul(z).div(new Scalar(features.size())); // (E, E)
            var eigen = torch.linalg_eigh(covariance); // ascending
            Tensor values = eigen.get0();
            Tensor axes = eigen.get1().narrow(1, features.dim() - 2L, 2).flip(1); // (E, 2)
            Tensor largest =
                    axes.gather(0, axes.abs().argmax(new org.bytedeco.pytorch.LongOptional(0), true)); // (1, 2)
            float[] points = Tensors.floats(z.matmul(axes.mul(largest.sign())));
            double all = values.sum().item_double();
            double two = values.narrow(0, features.dim() - 2L, 2).sum().item_double();
            return new PrincipalPlane(points, two / all);
        }
    }
}
