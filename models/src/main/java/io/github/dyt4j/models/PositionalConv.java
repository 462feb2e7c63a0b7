package io.github.dyt4j.models;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.torch.Initial;
import io.github.dyt4j.torch.Parameters;
import org.bytedeco.pytorch.ScalarTypeOptional;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorOptional;
import org.bytedeco.pytorch.global.torch;

/**
 * Relative positions by a convolution: GELU(x ∗ W + b), grouped, as wide as {@code num_conv_pos_embeddings} frames and as long as its input (an
 * even kernel sees one frame more of the past) (Baevski et al. 2020, section 2). W = g_k·v_k/‖v_k‖ at each place k of the kernel, the norm
 * over the other two axes (Salimans and Kingma 2016): {@code parametrizations.weight.original0} is g (1, 1, K), {@code original1} is v
 * (E, E/groups, K), which older files call {@code weight_g} and {@code weight_v}.
 *
 * <p>Starts at v ~ N(0, 4/(K·E)), g = ‖v‖, b = 0.
 */
final class PositionalConv {
    private final Tensor g;
    private final Tensor v;
    private final Tensor bias;
    private final int kernel;
    private final int groups;

    PositionalConv(Parameters p, int dim, int kernel, int groups) {
        this.kernel = kernel;
        this.groups = groups;
        Parameters conv = p.child("conv");
        bias = conv.parameter("bias", Init.zeros(dim));
        Parameters weight = conv.child("parametrizations").child("weight");
        Tensor direction = weight.parameter(
                "original1", Init.normal(2 / Math.sqrt((double) kernel * dim), dim, dim / groups, kernel));
        v = direction;
        g = weight.parameter("original0", new Initial(new long[] {1, 1, kernel}, () -> length(direction)));
    }

    static void requireGroups(int dim, int groups) {
        if (dim % groups != 0) {
            throw new UserError("hidden_size " + dim + " does not divide into num_conv_pos_embedding_groups " + groups
                    + ": take another number of groups, usually 16.");
        }
    }

    Tensor forward(Tensor x) { // (B, F, E)
        Tensor weight = v.mul(g.div(length(v)));
        Tensor y = torch.conv1d(
                x.transpose(1, 2),
                weight,
                new TensorOptional(bias),
                new long[] {1},
                new long[] {kernel / 2},
                new long[] {1},
                groups); // (B, E, F), one more where the kernel is even
        return torch.gelu(y.narrow(2, 0, x.size(1))).transpose(1, 2); // (B, F, E)
    }

    private static Tensor length(Tensor v) {
        return v.mul(v).sum(new long[] {0, 1}, true, new ScalarTypeOptional()).sqrt(); // (1, 1, K)
    }
}
