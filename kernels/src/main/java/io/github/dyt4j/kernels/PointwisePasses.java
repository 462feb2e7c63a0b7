package io.github.dyt4j.kernels;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;

/**
 * The passes over a stretch of f32 vectors that lie one behind the other, while their parameters go round: over the last axis through all
 * columns again and again, channels-first they stay at one vector that a channel's γ fills.
 *
 * <p>The loops are called through handles that are no constants to the compiler: so it compiles each by itself and never into its
 * callers, where the graph would grow too large (see {@link PointwiseLoop}).
 */
final class PointwisePasses {
    /**
     * What one copy of the loops is compiled for.
     *
     * @param dtype what a residual sum is rounded to; f32 where there is none
     * @param shift whether s is present, or ds wanted
     * @param gamma whether γ is present
     * @param beta whether β is present
     * @param residual whether x is a sum that the forward makes, and dx one that the backward makes
     * @param dx whether backward writes dx
     * @param dGamma whether backward adds up dγ
     * @param dBeta whether backward adds up dβ
     * @param cut whether bytes must be cut off to their range
     */
    record Kind(
            Squash squash,
            Accuracy accuracy,
            Dtype dtype,
            boolean alphaPerChannel,
            boolean shift,
            boolean gamma,
            boolean beta,
            boolean residual,
            boolean dx,
            boolean dGamma,
            boolean dBeta,
            boolean cut) {
        static Kind forward(PointwiseCall c, boolean residual) {
            return of(c, c.shift() != 0, c.beta() != 0, residual, false, false, false, false);
        }

        /** Backward never reads β. */
        static Kind backward(PointwiseCall c, boolean residual, Wanted w) {
            return of(c, c.shift() != 0 || w.dShift, false, residual, w.dx, w.dGamma, w.dBeta, false);
        }

        static Kind bytes(PointwiseCall c, float scale) {
            boolean inside = c.squash() != Squash.LINEAR && c.gamma() == 0 && c.beta() == 0 && 127 * scale >= 1;
            return of(c, c.shift() != 0, c.beta() != 0, false, false, false, false, !inside);
        }

        private static Kind of(
                PointwiseCall c,
                boolean shift,
                boolean beta,
                boolean residual,
                boolean dx,
                boolean dGamma,
                boolean dBeta,
                boolean cut) {
            return new Kind(
                    c.squash(),
                    c.accuracy(),
                    residual ? c.dtype() : Dtype.F32,
                    c.alphaPerChannel(),
                    shift,
                    c.gamma() != 0,
                    beta,
                    residual,
                    dx,
                    dGamma,
                    dBeta,
                    cut);
        }
    }

    /** The gradients that are asked for, beside dα, which costs nothing. */
    record Wanted(boolean dx, boolean dShift, boolean dGamma, boolean dBeta) {}

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

    private static final Specialised<Kind, PointwisePasses> LOOPS =
            new Specialised<>(PointwiseLoop.class, PointwisePasses::new);

    private final MethodHandle forward;
    private final MethodHandle backward;
    private final MethodHandle quantize;

    private PointwisePasses(MethodHandles.Lookup loops) {
        forward = Specialised.method(loops, "forward");
        backward = Specialised.method(loops, "backward");
        quantize = Specialised.method(loops, "quantize");
    }

    static PointwisePasses of(Kind kind) {
        return LOOPS.of(kind);
    }

    /**
     * How a stretch goes round its parameters.
     *
     * @param begin of the parameters, in bytes from column 0; the stretch starts there
     * @param step bytes from one vector's parameters to the next one's; 0 where all share one vector
     * @param vectors until it starts again
     */
    record Cycle(long begin, long step, int vectors) {}

    /** Of the sums, whose addresses are those of column 0: the dα of one vector if α is not per channel, ds of one vector always. */
    record Sums(long alpha, long shift, long gamma, long beta) {}

    /** y; with a residual, x + branch into sum and y of that. */
    void forward(Parameters p, Cycle cycle, long x, long branch, long sum, long y, int vectors) {
        try {
            forward.invokeExact(p, cycle, x, branch, sum, y, vectors);
        } catch (Throwable e) {
            throw Specialised.unchecked(e);
        }
    }

    /** Adds to the sums; writes dx, with a residual dSum + dx. */
    void backward(Parameters p, Cycle cycle, long x, long dy, long dSum, long dx, int vectors, Sums sums) {
        try {
            backward.invokeExact(p, cycle, x, dy, dSum, dx, vectors, sums);
        } catch (Throwable e) {
            throw Specialised.unchecked(e);
        }
    }

    void quantize(Parameters p, Cycle cycle, long x, long q, float scale, int vectors) {
        try {
            quantize.invokeExact(p, cycle, x, q, scale, vectors);
        } catch (Throwable e) {
            throw Specialised.unchecked(e);
        }
    }
}
