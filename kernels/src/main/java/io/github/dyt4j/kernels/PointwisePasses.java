package io.github.dyt4j.kernels;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;

/**
 * The two passes over a stretch of f32 vectors that lie one behind the other, while their parameters go round from {@code begin} to
 * {@code end}: over the last axis through all columns again and again, channels-first round one vector that a channel's γ fills.
 *
 * <p>The loops are called through handles that are no constants to the compiler: so it compiles each by itself and never into its
 * callers, where the graph would grow too large (see {@link PointwiseLoop}).
 */
final class PointwisePasses {
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

    private static final Specialised<Kind, PointwisePasses> LOOPS =
            new Specialised<>(PointwiseLoop.class, PointwisePasses::new);

    private final MethodHandle forward;
    private final MethodHandle recompute;
    private final MethodHandle gradients;

    private PointwisePasses(MethodHandles.Lookup loops) {
        forward = Specialised.method(loops, "forward");
        recompute = Specialised.method(loops, "recompute");
        gradients = Specialised.method(loops, "gradients");
    }

    static PointwisePasses of(PointwiseCall call) {
        return LOOPS.of(Kind.of(call));
    }

    /** A cycle of parameters, in bytes from the first column's: the stretch starts at {@code begin}, and so does what follows the end. */
    record Cycle(long begin, long end) {}

    /** Of the sums, whose addresses are those of column 0: the dα of one vector if α is not per channel, ds always. */
    record Sums(long alpha, long shift, long gamma, long beta) {}

    void forward(Parameters p, Cycle cycle, long x, long y, int vectors) {
        try {
            forward.invokeExact(p, cycle, x, y, vectors);
        } catch (Throwable e) {
            throw Specialised.unchecked(e);
        }
    }

    /** Adds to the sums. dx may be 0; scratch holds some pairs of vectors. */
    void backward(Parameters p, Cycle cycle, long x, long dy, long dx, int vectors, Sums sums, float[] scratch) {
        int most = scratch.length / 2 / Lanes.COUNT;
        long length = cycle.end() - cycle.begin();
        try {
            for (int first = 0; first < vectors; first += most) {
                long at = 4L * Lanes.COUNT * first;
                long column = cycle.begin() + at % length;
                int some = Math.min(most, vectors - first);
                recompute.invokeExact(p, cycle, column, x + at, some, scratch);
                gradients.invokeExact(p, cycle, column, x + at, dy + at, dx == 0 ? 0 : dx + at, some, sums, scratch);
            }
        } catch (Throwable e) {
            throw Specialised.unchecked(e);
        }
    }
}
