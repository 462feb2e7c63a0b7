package io.github.dyt4j.kernels;

/**
 * How exact f of {@link Squash} is in the vector kernels. Bounds hold for f at the f32 argument αx+s and for
 * results of 4e-38 and more; docs/kernels.md has the errors measured. In every grade ±∞ saturates, NaN stays NaN, and a denormal argument
 * gives f′(0) times itself. Gradients have the {@link #F32} grade always.
 */
public enum Accuracy {
    /** f to 5 units in the last place of f32. */
    F32,
    /**
     * f to a quarter of a unit in the last place of bf16, before the rounding to the tensor's dtype. Cheaper for tanh and erf where a
     * tensor lies in a cache; other functions are as in {@link #F32}.
     */
    BF16;

    /** The grade that loses nothing which the dtype could keep. */
    public static Accuracy of(Dtype dtype) {
        return switch (dtype) {
            case F32 -> F32;
            case BF16 -> BF16;
        };
    }
}
