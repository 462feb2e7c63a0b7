package io.github.dyt4j.models;

import io.github.dyt4j.torch.Tensors;
import org.bytedeco.pytorch.Tensor;

/**
 * Fixed positions of a square grid: the patch in row r and column c has [sin(c·ω), cos(c·ω), sin(r·ω), cos(r·ω)], ωᵢ = 10000^(−4i/E),
 * i = 0 … E/4 − 1 (Vaswani et al. 2017, section 3.5, once an axis; He et al. 2021, appendix A.1; Peebles and Xie 2022, section 3.2). The columns come first in the authors'
 * code, and so in their weights.
 */
final class SinCos {
    private SinCos() {}

    /**
     * f32 (1, first + side², E), patches row by row.
     *
     * @param dim E, a multiple of 4
     * @param first rows of zeros ahead of the patches, for class tokens
     */
    static Tensor grid(int dim, int side, int first) {
        int quarter = dim / 4;
        float[] values = new float[Math.multiplyExact(first + side * side, dim)];
        for (int i = 0; i < quarter; i++) {
            double omega = Math.pow(10000, -(double) i / quarter);
            for (int patch = 0; patch < side * side; patch++) {
                int at = (first + patch) * dim + i;
                int row = patch / side;
                int column = patch % side;
                values[at] = (float) Math.sin(column * omega);
                values[at + quarter] = (float) Math.cos(column * omega);
                values[at + 2 * quarter] = (float) Math.sin(row * omega);
                values[at + 3 * quarter] = (float) Math.cos(row * omega);
            }
        }
        return Tensors.of(values, 1, first + (long) side * side, dim);
    }
}
