package io.github.dyt4j.kernels;

/**
 * Rows of gate and up, each {@code width} values.
 *
 * @param dtype of all that is read and written
 */
public record SwiGluCall(Dtype dtype, long rows, int width) {
    public SwiGluCall {
        if (rows < 0 || width < 1) {
            throw new IllegalArgumentException(rows + " rows of width " + width);
        }
    }
}
