package io.github.dyt4j.kernels;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;

/**
 * The two passes over a column of f32, one vector wide: {@code rows} vectors, {@code stride} bytes from one to the next, that share the
 * vectors of their parameters. Over the last axis that is a strip of a few rows; channels-first it is one channel of one sample.
 *
 * <p>The loops are called through handles that are no constants to the compiler: so it compiles each by itself and never into its
 * callers, where the graph would grow too large (see {@link PointwiseLoop}).
 */
final class PointwiseColumn {
    /**
     * What one copy of the loops is compiled for.
     *
     * @param gamma whether γ is present
     * @param beta whether β is present
     */
    record Kind(Squash squash, boolean alphaPerChannel, boolean gamma, boolean beta) {
        static Kind of(PointwiseCall c) {
            return new Kind(c.squash(), c.alphaPerChannel(), c.gamma() != 0, c.beta() != 0);
        }
    }

    /**
     * What a pass reads of the parameters.
     *
     * @param alpha the one α, 1 where absent; not read if α is per channel
     * @param alphas address of the columns' vectors of α; read if α is per channel
     * @param shift s; −0 where absent, for adding that changes nothing, not even the sign of a zero
     * @param gamma the same of γ; not read where absent
     * @param beta the same of β; not read where absent
     */
    record Parameters(float alpha, long alphas, float shift, long gamma, long beta) {}

    private static final Specialised<Kind, PointwiseColumn> LOOPS =
            new Specialised<>(PointwiseLoop.class, PointwiseColumn::new);

    private final MethodHandle forward;
    private final MethodHandle recompute;
    private final MethodHandle gradients;

    private PointwiseColumn(MethodHandles.Lookup loops) {
        forward = Specialised.method(loops, "forward");
        recompute = Specialised.method(loops, "recompute");
        gradients = Specialised.method(loops, "gradients");
    }

    static PointwiseColumn of(PointwiseCall call) {
        return LOOPS.of(Kind.of(call));
    }

    /** @param column bytes from the first column's parameters to this one's */
    void forward(Parameters p, long column, long x, long y, int rows, long stride) {
        try {
            forward.invokeExact(p, column, x, y, rows, stride);
        } catch (Throwable e) {
            throw Specialised.unchecked(e);
        }
    }

    /** Adds one vector each to the sums dα, ds, dγ, dβ. dx may be 0; scratch holds some pairs of vectors. */
    void backward(
            Parameters p,
            long column,
            long x,
            long dy,
            long dx,
            int rows,
            long stride,
            long sumAlpha,
            long sumShift,
            long sumGamma,
            long sumBeta,
            float[] scratch) {
        int most = scratch.length / 2 / Lanes.COUNT;
        try {
            for (int first = 0; first < rows; first += most) {
                long at = first * stride;
                int some = Math.min(most, rows - first);
                recompute.invokeExact(p, column, x + at, some, stride, scratch);
                gradients.invokeExact(
                        p,
                        column,
                        x + at,
                        dy + at,
                        dx == 0 ? 0 : dx + at,
                        some,
                        stride,
                        sumAlpha,
                        sumShift,
                        sumGamma,
                        sumBeta,
                        scratch);
            }
        } catch (Throwable e) {
            throw Specialised.unchecked(e);
        }
    }
}
