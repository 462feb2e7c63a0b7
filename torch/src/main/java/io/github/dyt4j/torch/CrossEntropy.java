package io.github.dyt4j.torch;

import io.github.dyt4j.kernels.CrossEntropyCall;
import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.kernels.Kernels;
import java.util.List;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;

/**
 * {@code log Σ_j e^{z_j} − z_label}, the mean over rows, in f32 whatever the logits are: libtorch's nll_loss of log_softmax, without the copies
 * in f32 of all logits that those make. Backward keeps the logits alone.
 */
public final class CrossEntropy {
    private CrossEntropy() {}

    /**
     * Within the {@link Scope} of a step.
     *
     * @param logits (N, V); of a dtype other than f32 and bf16 it is libtorch's operations
     * @param labels i64 (N), each at least 0 and below V
     */
    public static Tensor mean(Tensor logits, Tensor labels) {
        Dtype dtype = Memory.dtype(logits);
        if (dtype == null) {
            return torch.nll_loss(logits.to(ScalarType.Float).log_softmax(1), labels);
        }
        Tensor z = logits.contiguous();
        Tensor at = labels.contiguous();
        long rows = z.size(0);
        if (at.dim() != 1 || at.size(0) != rows || Memory.type(at) != ScalarType.Long) {
            throw new IllegalArgumentException(rows + " rows of logits need as many labels, i64");
        }
        CrossEntropyCall call = new CrossEntropyCall(dtype, rows, Math.toIntExact(z.size(1)));
        Tensor losses;
        Tensor logSums;
        try (var _ = Grad.off()) {
            losses = Tensors.empty(rows, 1);
            logSums = Tensors.empty(rows);
            Kernels.crossEntropy()
                    .forward(
                            call,
                            Memory.address(z),
                            Memory.address(at),
                            Memory.address(losses),
                            Memory.address(logSums));
            Memory.keepAlive(z, at, logSums);
        }
        if (!Grad.enabled() || !z.requires_grad()) {
            return losses.mean();
        }
        Tensor saved = z.detach();
        return Splice.narrowed(
                        z,
                        losses,
                        List.of(saved, at, logSums),
                        d -> { // (N, 1)
                            Tensor dz = torch.empty_like(saved);
                            Kernels.crossEntropy()
                                    .backward(
                                            call,
                                            Memory.address(saved),
                                            Memory.address(at),
                                            Memory.address(logSums),
                                            Memory.address(d),
                                            Memory.address(dz));
                            Memory.keepAlive(saved, at, logSums, d);
                            return dz;
                        })
                .mean();
    }
}
