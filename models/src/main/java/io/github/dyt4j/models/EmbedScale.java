package io.github.dyt4j.models;

import io.github.dyt4j.torch.Grad;
import io.github.dyt4j.torch.Norms;
import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Tensors;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;

/**
 * s·x, s one learned number, of an embedding's output (Zhu et al. 2025, section 4 and appendix A, which has it for LLaMA with s = √E at the
 * start): a pointwise norm does not make up for an embedding that starts small. With {@code init=calibrated} s starts at what gives the first
 * batch unit variance.
 */
final class EmbedScale {
    private final Norms norms;
    private final Tensor scale;

    /** Named {@code embed_scale} under p; NaN until calibration where the norms' are calibrated, else {@code start}. */
    EmbedScale(Parameters p, Norms norms, double start) {
        this.norms = norms;
        scale = p.parameter("embed_scale", Tensors.full(norms.spec().calibrated() ? Double.NaN : start, 1));
    }

    Tensor forward(Tensor x) {
        if (norms.calibrating()) {
            try (var _ = Grad.off()) {
                scale.fill_(new Scalar(1 / Tensors.std(x)));
            }
        }
        return x.mul(scale);
    }

    static String calibratedNote() {
        return "one learned number scales the embedding's output; calibration starts it at what gives unit variance";
    }
}
