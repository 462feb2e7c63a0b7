package io.github.dyt4j.models;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Parameters;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * Patches to tokens: a convolution whose stride is its kernel, W (E, C, P, P) (Dosovitskiy et al. 2021, section 3.1). Since patches do not
 * overlap it is computed as the equal product of each flattened patch with W. Starts as PyTorch's Conv2d.
 */
public final class PatchEmbed {
    private final int patchSize;
    private final Reparametrised weights;

    /** What a layer computes with in the place of its parameters W and b. */
    interface Rule {
        Reparametrised of(Parameters p, Tensor weight, Tensor bias);
    }

    public PatchEmbed(Parameters p, int patchSize, int inChans, int embedDim) {
        this(p, patchSize, inChans, embedDim, (_, weight, bias) -> Linear.fixed(weight, bias));
    }

    PatchEmbed(Parameters p, int patchSize, int inChans, int embedDim, Rule rule) {
        this.patchSize = patchSize;
        double bound = 1 / Math.sqrt((double) inChans * patchSize * patchSize);
        Parameters proj = p.child("proj");
        Tensor weight = proj.parameter("weight", Init.uniform(bound, embedDim, inChans, patchSize, patchSize));
        Tensor bias = proj.parameter("bias", Init.uniform(bound, embedDim));
        weights = rule.of(proj, weight, bias);
    }

    /** An image of whole patches alone can be cut without a rest. */
    static void requireWholePatches(int imgSize, int patchSize) {
        if (imgSize % patchSize != 0) {
            int below = imgSize - imgSize % patchSize;
            throw new UserError("img_size " + imgSize + " is not a multiple of patch_size " + patchSize + ": take "
                    + (below > 0 ? below + " or " : "") + (below + patchSize) + ", or another patch_size.");
        }
    }

    private PatchEmbed(int patchSize, Tensor weight, Tensor bias) {
        this.patchSize = patchSize;
        weights = Linear.fixed(weight, bias);
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
        return embed(patches(x)); // (B, N, E)
    }

    /** The pixels by patch, patches row by row. */
    Tensor patches(Tensor x) { // (B, C, H, W)
        long b = x.size(0);
        long c = x.size(1);
        long rows = x.size(2) / patchSize;
        long columns = x.size(3) / patchSize;
        return x.view(b, c, rows, patchSize, columns, patchSize)
                .permute(0, 2, 4, 1, 3, 5)
                .reshape(b, rows * columns, c * patchSize * patchSize); // (B, N, C·P·P)
    }

    Tensor embed(Tensor patches) { // (B, N, C·P·P)
        Linear.Weights w = weights.weights();
        return torch.linear(patches, w.weight().flatten(1, -1), w.bias()); // (B, N, E)
    }
}
