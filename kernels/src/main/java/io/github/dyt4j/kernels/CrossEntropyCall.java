package io.github.dyt4j.kernels;

/**
 * Logits (rows, classes) and a label a row.
 *
 * @param dtype of the logits and of their gradient
 */
public record CrossEntropyCall(Dtype dtype, long rows, int classes) {
    public CrossEntropyCall {
        if (rows < 0 || classes < 1) {
            throw new IllegalArgumentException(rows + " rows of " + classes + " classes");
        }
    }

    /** The row's label, from i64 values. */
    int label(long labels, long row) {
        long label = Memory.i64(labels, row);
        if (label < 0 || label >= classes) {
            throw new IllegalArgumentException("label " + label + " at row " + row + " of " + classes + " classes");
        }
        return (int) label;
    }
}
