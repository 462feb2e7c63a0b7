package io.github.dyt4j.kernels;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;

/** The two passes of LayerNorm and RMSNorm over rows of f32, each a whole number of vectors long, with zeros behind x's end. See {@link PointwisePasses} for the handles. */
final class RowNormRow {
    /**
     * What one copy of the loops is compiled for.
     *
     * @param gamma whether γ is present
     * @param beta whether β is present
     * @param ragged whether rows end in zeros that are not x's
     */
    record Kind(boolean centered, boolean gamma, boolean beta, boolean ragged) {
        static Kind of(RowNormCall c) {
            return new Kind(c.centered(), c.gamma() != 0, c.beta() != 0, c.channels() % Lanes.COUNT != 0);
        }
    }

    /**
     * What all rows share.
     *
     * @param vectors of a row
     * @param channels elements of them that are x's
     * @param gamma address of γ, padded to whole vectors; not read where absent
     * @param beta the same of β
     * @param inside 1 for each channel, then 0; read if ragged
     */
    record Parameters(int vectors, int channels, double eps, long gamma, long beta, long inside) {}

    private static final Specialised<Kind, RowNormRow> LOOPS = new Specialised<>(RowNormLoop.class, RowNormRow::new);

    private final MethodHandle forward;
    private final MethodHandle backward;

    private RowNormRow(MethodHandles.Lookup loops) {
        forward = Specialised.method(loops, "forward");
        backward = Specialised.method(loops, "backward");
    }

    static RowNormRow of(RowNormCall call) {
        return LOOPS.of(Kind.of(call));
    }

    /** y, μ and rstd. The addresses of μ and rstd may be 0. */
    void forward(Parameters p, long x, long y, long mean, long rstd, int rows) {
        try {
            forward.invokeExact(p, x, y, mean, rstd, rows);
        } catch (Throwable e) {
            throw Specialised.unchecked(e);
        }
    }

    /** dx (may be 0), and adds to the rows of sums dγ and dβ. */
    void backward(Parameters p, long x, long mean, long rstd, long dy, long dx, long dGamma, long dBeta, int rows) {
        try {
            backward.invokeExact(p, x, mean, rstd, dy, dx, dGamma, dBeta, rows);
        } catch (Throwable e) {
            throw Specialised.unchecked(e);
        }
    }
}
