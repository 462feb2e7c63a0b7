package io.github.dyt4j.kernels;

/**
 * The shape of a product x·Wᵀ.
 *
 * @param rows of x
 * @param out rows of W
 * @param in what both have in a row
 */
public record FewRowsCall(int rows, int out, int in) {
    public FewRowsCall {
        if (rows < 0 || out < 0 || in < 0) {
            throw new IllegalArgumentException(
                    "a product of (" + rows + ", " + in + ") and (" + out + ", " + in + ") transposed");
        }
    }
}
