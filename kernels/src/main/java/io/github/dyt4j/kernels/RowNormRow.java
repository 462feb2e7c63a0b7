package io.github.dyt4j.kernels;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;

/**
 * The passes of LayerNorm and RMSNorm over rows of f32, each a whole number of vectors long, with zeros behind x's end; two rows at a
 * time, then the one that is left. See {@link PointwisePasses} for the handles.
 */
final class RowNormRow {
    /**
     * What one copy of the loops is compiled for.
     *
     * @param dtype what a residual sum is rounded to; f32 where there is none
     * @param gamma whether γ is present
     * @param beta whether β is present
     * @param ragged whether rows end in zeros that are not x's
     * @param residual whether x is a sum that the forward makes, and dx one that the backward makes
     * @param pair whether rows go two at a time, so that one row's sums over lanes wait beside the other's
     */
    record Kind(
            boolean centered,
            Dtype dtype,
            boolean gamma,
            boolean beta,
            boolean ragged,
            boolean residual,
            boolean pair) {
        static Kind of(RowNormCall c, boolean residual, boolean pair) {
            boolean ragged = c.channels() % Lanes.COUNT != 0;
            return new Kind(
                    c.centered(),
                    residual ? c.dtype() : Dtype.F32,
                    c.gamma() != 0,
                    c.beta() != 0,
                    ragged,
                    residual,
                    pair);
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

    private record Handles(MethodHandle forward, MethodHandle backward, MethodHandle quantize) {
        static Handles of(MethodHandles.Lookup loops) {
            return new Handles(
                    Specialised.method(loops, "forward"),
                    Specialised.method(loops, "backward"),
                    Specialised.method(loops, "quantize"));
        }
    }

    private static final Specialised<Kind, Handles> LOOPS = new Specialised<>(RowNormLoop.class, Handles::of);

    private final MethodHandle forwardPairs;
    private final MethodHandle forwardLast;
    private final MethodHandle backwardPairs;
    private final MethodHandle backwardLast;
    private final MethodHandle quantize;

    private RowNormRow(Handles pairs, Handles last) {
        forwardPairs = pairs.forward();
        forwardLast = last.forward();
        backwardPairs = pairs.backward();
        backwardLast = last.backward();
        quantize = last.quantize();
    }

    static RowNormRow of(RowNormCall call, boolean residual) {
        return new RowNormRow(LOOPS.of(Kind.of(call, residual, true)), LOOPS.of(Kind.of(call, residual, false)));
    }

    /** y, μ and rstd; with a residual, x + branch into sum and y of that. The addresses of μ and rstd may be 0. */
    void forward(Parameters p, long x, long branch, long sum, long y, long mean, long rstd, int rows) {
        int pairs = rows & ~1;
        long at = bytes(p, pairs);
        try {
            forwardPairs.invokeExact(p, x, branch, sum, y, mean, rstd, pairs);
            if (pairs < rows) {
                forwardLast.invokeExact(
                        p,
                        x + at,
                        branch + at,
                        sum + at,
                        y + at,
                        mean == 0 ? 0 : mean + 4L * pairs,
                        rstd == 0 ? 0 : rstd + 4L * pairs,
                        1);
            }
        } catch (Throwable e) {
            throw Specialised.unchecked(e);
        }
    }

    /** dx (may be 0; with a residual dSum + dx), and adds to the rows of sums dγ and dβ. */
    void backward(
            Parameters p,
            long x,
            long mean,
            long rstd,
            long dy,
            long dSum,
            long dx,
            long dGamma,
            long dBeta,
            int rows) {
        int pairs = rows & ~1;
        long at = bytes(p, pairs);
        try {
            backwardPairs.invokeExact(p, x, mean, rstd, dy, dSum, dx, dGamma, dBeta, pairs);
            if (pairs < rows) {
                backwardLast.invokeExact(
                        p,
                        x + at,
                        mean == 0 ? 0 : mean + 4L * pairs,
                        rstd + 4L * pairs,
                        dy + at,
                        dSum + at,
                        dx == 0 ? 0 : dx + at,
                        dGamma,
                        dBeta,
                        1);
            }
        } catch (Throwable e) {
            throw Specialised.unchecked(e);
        }
    }

    /** Bytes, {@link Parameters#vectors} times as many as lanes a row, and the scale of each row. */
    void quantize(Parameters p, long x, long q, long scales, int rows) {
        try {
            quantize.invokeExact(p, x, q, scales, rows);
        } catch (Throwable e) {
            throw Specialised.unchecked(e);
        }
    }

    private static long bytes(Parameters p, int rows) {
        return 4L * Lanes.COUNT * p.vectors() * rows;
    }
}
