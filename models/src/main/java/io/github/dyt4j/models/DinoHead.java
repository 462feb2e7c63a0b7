package io.github.dyt4j.models;

import io.github.dyt4j.torch.Parameters;
import io.github.dyt4j.torch.Tensors;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;

/**
 * DINO's projection head (Caron et al. 2021, section 3.2 and appendix C): a GELU MLP of three layers, E → hidden → hidden → bottleneck, then
 * z ← z/‖z‖, then K prototypes, {@code W = g·v/‖v‖} row by row (weight normalisation) without a bias. There is no BatchNorm in it. g starts at 1 and
 * stays there where {@code norm_last_layer}. The MLP starts as a ViT's layers, v as PyTorch's Linear: U(−1/√fan_in, 1/√fan_in).
 */
final class DinoHead {
    private final Linear fc1;
    private final Linear fc2;
    private final Linear fc3;
    private final Tensor magnitude;
    private final Tensor direction;

    DinoHead(Parameters p, int dim, Dino.Config c) {
        Parameters mlp = p.child("mlp");
        fc1 = new Linear(mlp.child(0), dim, c.headHiddenDim());
        fc2 = new Linear(mlp.child(2), c.headHiddenDim(), c.headHiddenDim());
        fc3 = new Linear(mlp.child(4), c.headHiddenDim(), c.bottleneckDim());
        Parameters last = p.child("last_layer");
        Tensor one = Tensors.full(1, c.outDim(), 1);
        magnitude = c.normLastLayer() ? last.buffer("weight_g", one) : last.parameter("weight_g", one);
        direction = last.parameter(
                "weight_v", Init.uniform(1 / Math.sqrt(c.bottleneckDim()), c.outDim(), c.bottleneckDim()));
    }

    /** Logits before any temperature. */
    Tensor forward(Tensor x) { // (B, E)
        x = torch.gelu(fc1.forward(x)); // (B, hidden)
        x = torch.gelu(fc2.forward(x));
        x = torch.normalize(fc3.forward(x)); // (B, bottleneck)
        return torch.linear(x, torch.normalize(direction).mul(magnitude)); // (B, K)
    }
}
