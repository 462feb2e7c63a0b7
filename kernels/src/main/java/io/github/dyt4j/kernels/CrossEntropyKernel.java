package io.github.dyt4j.kernels;

/** {@code loss = log Σ_j e^{z_j} − z_label} of each row, and its gradient {@code dz_j = d·(e^{z_j − log Σ} − [j = label])}. */
public interface CrossEntropyKernel {
    /**
     * @param logits z (rows, classes)
     * @param labels i64, one a row
     * @param loss f32, one a row
     * @param logSum log Σ_j e^{z_j}, f32, one a row
     */
    void forward(CrossEntropyCall call, long logits, long labels, long loss, long logSum);

    /**
     * @param d the gradient of each row's loss, f32
     * @param dLogits (rows, classes)
     */
    void backward(CrossEntropyCall call, long logits, long labels, long logSum, long d, long dLogits);
}
