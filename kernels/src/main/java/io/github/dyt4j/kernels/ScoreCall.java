package io.github.dyt4j.kernels;

/**
 * The scores of a block of queries under a causal mask: matrices of {@code rows} queries, of which the i-th sees the first
 * {@code first + i + 1} of {@code columns} keys.
 *
 * @param dtype of what is written, p and dS; scores and dP are f32
 * @param matrices how many there are, one after another
 * @param scale that scores are multiplied by, and their gradient with them: 1/√d, above 0
 */
public record ScoreCall(Dtype dtype, long matrices, int rows, int columns, int first, double scale) {
    public ScoreCall {
        if (matrices < 0 || rows < 1 || first < 0 || columns < first + rows) {
            throw new IllegalArgumentException(matrices + " matrices of " + rows + " queries from position " + first
                    + " over " + columns + " keys");
        }
    }

    /** How many keys the row sees, counted over all matrices. */
    int visible(long row) {
        return first + (int) (row % rows) + 1;
    }
}
