package io.github.dyt4j.kernels;

import io.github.dyt4j.kernels.RowNormRow.Parameters;
import java.lang.foreign.Arena;

/**
 * LayerNorm and RMSNorm, vectorised and on all threads, arithmetic in f32: the variance is taken about the mean in a second reading of
 * the row. Squares beyond f32's range (|x| > 1.8e19) make y 0, as in libtorch.
 *
 * <p>Sums over rows are taken block by block, and blocks are cut by the shape alone: the number of threads changes no bit. Another
 * vector length, on another machine, may.
 */
public final class RowNormVector implements RowNormKernel {
    /** Least rows of a block: adding up the blocks' dγ and dβ is to cost little beside. */
    private static final int LEAST_ROWS = 64;

    @Override
    public void forward(RowNormCall call, long x, long y, long mean, long rstd) {
        forward(call, RowNormRow.of(call, false), new long[] {x, 0}, new long[] {0, y}, mean, rstd);
    }

    @Override
    public void addForward(RowNormCall call, long x, long branch, long sum, long y, long mean, long rstd) {
        forward(call, RowNormRow.of(call, true), new long[] {x, branch}, new long[] {sum, y}, mean, rstd);
    }

    /** in: x, branch; out: sum, y. */
    private static void forward(RowNormCall call, RowNormRow loop, long[] in, long[] out, long mean, long rstd) {
        Staging staging = new Staging(call.dtype(), call.channels());
        try (Arena arena = Arena.ofConfined()) {
            Parameters p = parameters(call, staging, arena);
            staging.run(
                    cut(call),
                    in,
                    out,
                    (b, first, rows, from, to) ->
                            loop.forward(p, from[0], from[1], to[0], to[1], row(mean, first), row(rstd, first), rows));
        }
    }

    @Override
    public void backward(RowNormCall call, long x, long mean, long rstd, long dy, long dx, long dGamma, long dBeta) {
        backward(call, RowNormRow.of(call, false), new long[] {x, dy, 0}, mean, rstd, dx, dGamma, dBeta);
    }

    @Override
    public void addBackward(
            RowNormCall call, long sum, long mean, long rstd, long dy, long dSum, long dx, long dGamma, long dBeta) {
        backward(call, RowNormRow.of(call, dSum != 0), new long[] {sum, dy, dSum}, mean, rstd, dx, dGamma, dBeta);
    }

    /** in: x, dy, dSum. */
    private static void backward(
            RowNormCall call, RowNormRow loop, long[] in, long mean, long rstd, long dx, long dGamma, long dBeta) {
        Staging staging = new Staging(call.dtype(), call.channels());
        Cut cut = cut(call);
        int n = call.channels();
        try (Arena arena = Arena.ofConfined()) {
            Parameters p = parameters(call, staging, arena);
            BlockSums sums = new BlockSums(arena, cut.blocks(), n, n);
            staging.run(
                    cut,
                    in,
                    new long[] {dx},
                    (b, first, rows, from, to) -> loop.backward(
                            p,
                            from[0],
                            row(mean, first),
                            row(rstd, first),
                            from[1],
                            from[2],
                            to[0],
                            sums.of(b, 0),
                            sums.of(b, 1),
                            rows));
            sums.total(cut.blocks());
            sums.write(0, dGamma, n);
            sums.write(1, dBeta, n);
        }
    }

    @Override
    public void quantize(RowNormCall call, long x, long q, long scales) {
        RowNormRow loop = RowNormRow.of(call, false);
        Staging staging = new Staging(call.dtype(), call.channels());
        try (Arena arena = Arena.ofConfined()) {
            Parameters p = parameters(call, staging, arena);
            staging.runToBytes(
                    cut(call),
                    x,
                    q,
                    (b, first, rows, from, to) -> loop.quantize(p, from[0], to[0], row(scales, first), rows));
        }
    }

    private static Cut cut(RowNormCall call) {
        return Cut.of(call.rows(), call.channels(), LEAST_ROWS);
    }

    private static long row(long address, long row) {
        return address == 0 ? 0 : address + 4 * row;
    }

    private static Parameters parameters(RowNormCall call, Staging staging, Arena arena) {
        long inside = 0;
        if (staging.padded() > call.channels()) {
            inside = Staging.zeros(arena, 4L * staging.padded());
            for (int c = 0; c < call.channels(); c++) {
                Memory.f32(inside, c, 1);
            }
        }
        return new Parameters(
                staging.padded() / Lanes.COUNT,
                call.channels(),
                call.eps(),
                staging.parameter(arena, call.gamma()),
                staging.parameter(arena, call.beta()),
                inside);
    }
}
