package io.github.dyt4j.models;

import io.github.dyt4j.torch.Parameters;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Patches to tokens: a convolution whose stride is its kernel, W (E, C, P, P) (Dosovitskiy et al. 2021, section 3.1). Since patches do not
 * overlap it is computed as the equal product of each flattened patch with W. Starts as PyTorch's Conv2d.
 */
public final class PatchEmbed {
    private final int patchSize;
    private final Tensor weight;
    private final Tensor bias;

    public PatchEmbed(Parameters p, int patchSize, int inChans, int embedDim) {
        this.patchSize = patchSize;
        double bound = 1 / Math.sqrt((double) inChans * patchSize * patchSize);
        Parameters proj = p.child("proj");
        weight = proj.parameter("weight", Init.uniform(bound, embedDim, inChans, patchSize, patchSize));
        bias = proj.parameter("bias", Init.uniform(bound, embedDim));
    }

    private PatchEmbed(int patchSize, Tensor weight, Tensor bias) {
        this.patchSize = patchSize;
        this.weight = weight;
        this.bias = bias;
    }

    /** Started as the product that it is: W ~ U(±√(6/(C·P·P + E))), b = 0. */
    static PatchEmbed xavier(Parameters p, int patchSize, int inChans, int embedDim) {
        Parameters proj = p.child("proj");
        return new PatchEmbed(
                patchSize,
                proj.parameter(
                        "weight",
                        Init.xavier(
                                (long) inChans * patchSize * patchSize,
                                embedDim,
                                embedDim,
                                inChans,
                                patchSize,
                                patchSize)),
                proj.parameter("bias", Init.zeros(embedDim)));
    }

    public Tensor forward(Tensor x) { // (B, C, H, W)
        long b = x.size(0);
        long c = x.size(1);
        long rows = x.size(2) / patchSize;
        long columns = x.size(3) / patchSize;
        Tensor patches = x.view(b, c, rows, patchSize, columns, patchSize)
                .permute(0, 2, 4, 1, 3, 5)
                .reshape(b, rows * columns, c * patchSize * patchSize); // (B, N, C·P·P)
        return torch.linear(patches, weight.flatten(1, -1), bias); // (B, N, E)
    }
}
