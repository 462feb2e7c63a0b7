package io.github.dyt4j.kernels;

import static io.github.dyt4j.kernels.Lanes.COUNT;

import io.github.dyt4j.kernels.PointwiseColumn.Parameters;
import java.lang.foreign.Arena;
import java.util.Arrays;

/**
 * The pointwise norms, vectorised and on all threads: one pass over x forward, one over x and dy backward, arithmetic in f32.
 *
 * <p>Sums are taken block by block, and blocks are cut by the shape alone: the number of threads changes no bit. Another vector
 * length, on another machine, may.
 */
public final class PointwiseVector implements PointwiseKernel {
    /** Bytes of a vector. */
    private static final int STEP = 4 * COUNT;
    /** Rows of a strip: so many share the reading of γ and β and the writing of dγ and dβ. */
    private static final int STRIP = 8;

    /** Vectors of a line that are done at a time. */
    private static final int LINE_PIECE = 32;
    /** Least rows of a block: adding up the blocks' dγ and dβ is to cost little beside. */
    private static final int LEAST_ROWS = 64;

    @Override
    public void forward(PointwiseCall call, long x, long y) {
        PointwiseColumn loop = PointwiseColumn.of(call);
        Staging staging = staging(call);
        int vectors = staging.padded() / COUNT;
        long stride = (long) STEP * vectors;
        try (Arena arena = Arena.ofConfined()) {
            Parameters p = parameters(call, staging, arena);
            if (lines(call)) {
                staging.run(cut(call), x, 0, y, (b, first, rows, in, none, out) -> {
                    for (int row = 0; row < rows; row++) {
                        long channel = (first + row) % call.channels();
                        loop.forward(p, STEP * channel, in + row * stride, out + row * stride, vectors, STEP);
                    }
                });
            } else {
                staging.run(cut(call), x, 0, y, (b, first, rows, in, none, out) -> {
                    for (int row = 0; row < rows; row += STRIP) {
                        int strip = Math.min(STRIP, rows - row);
                        for (long column = 0; column < stride; column += STEP) {
                            long at = row * stride + column;
                            loop.forward(p, column, in + at, out + at, strip, stride);
                        }
                    }
                });
            }
        }
    }

    @Override
    public void backward(
            PointwiseCall call, long x, long dy, long dx, long dAlpha, long dShift, long dGamma, long dBeta) {
        if (lines(call)) {
            backwardLines(call, x, dy, dx, dAlpha, dShift, dGamma, dBeta);
        } else {
            backwardColumns(call, x, dy, dx, dAlpha, dShift, dGamma, dBeta);
        }
    }

    private static void backwardColumns(
            PointwiseCall call, long x, long dy, long dx, long dAlpha, long dShift, long dGamma, long dBeta) {
        PointwiseColumn loop = PointwiseColumn.of(call);
        Staging staging = staging(call);
        long stride = 4L * staging.padded();
        Cut cut = cut(call);
        int n = call.channels();
        int alphas = call.alphaPerChannel() ? n : 1;
        try (Arena arena = Arena.ofConfined()) {
            Parameters p = parameters(call, staging, arena);
            BlockSums sums = new BlockSums(arena, cut.blocks(), alphas, 1, n, n);
            staging.run(cut, x, dy, dx, (b, first, rows, in, din, out) -> {
                float[] scratch = new float[2 * STRIP * COUNT];
                for (int row = 0; row < rows; row += STRIP) {
                    int strip = Math.min(STRIP, rows - row);
                    for (long column = 0; column < stride; column += STEP) {
                        long at = row * stride + column;
                        loop.backward(
                                p,
                                column,
                                in + at,
                                din + at,
                                out == 0 ? 0 : out + at,
                                strip,
                                stride,
                                sums.of(b, 0) + (call.alphaPerChannel() ? column : 0),
                                sums.of(b, 1),
                                sums.of(b, 2) + column,
                                sums.of(b, 3) + column,
                                scratch);
                    }
                }
            });
            sums.total(cut.blocks());
            if (call.alphaPerChannel()) {
                sums.write(0, dAlpha, n);
            } else {
                sums.writeOverLanes(0, dAlpha);
            }
            sums.writeOverLanes(1, dShift);
            sums.write(2, dGamma, n);
            sums.write(3, dBeta, n);
        }
    }

    private static void backwardLines(
            PointwiseCall call, long x, long dy, long dx, long dAlpha, long dShift, long dGamma, long dBeta) {
        PointwiseColumn loop = PointwiseColumn.of(call);
        Staging staging = staging(call);
        int vectors = staging.padded() / COUNT;
        long stride = (long) STEP * vectors;
        Cut cut = cut(call);
        int channels = call.channels();
        try (Arena arena = Arena.ofConfined()) {
            Parameters p = parameters(call, staging, arena);
            BlockSums lanes = new BlockSums(arena, cut.blocks(), 1, 1, 1, 1);
            long sums = Staging.zeros(arena, 16 * cut.rows());
            staging.run(cut, x, dy, dx, (b, first, rows, in, din, out) -> {
                float[] scratch = new float[2 * LINE_PIECE * COUNT];
                for (int row = 0; row < rows; row++) {
                    long line = first + row;
                    long at = row * stride;
                    lanes.clear(b);
                    loop.backward(
                            p,
                            STEP * (line % channels),
                            in + at,
                            din + at,
                            out == 0 ? 0 : out + at,
                            vectors,
                            STEP,
                            lanes.of(b, 0),
                            lanes.of(b, 1),
                            lanes.of(b, 2),
                            lanes.of(b, 3),
                            scratch);
                    for (int i = 0; i < 4; i++) {
                        Memory.f32(sums, 4 * line + i, Lanes.sum(Lanes.loadF32(lanes.of(b, i))));
                    }
                }
            });
            writeLines(call, sums, dAlpha, dShift, dGamma, dBeta);
        }
    }

    /** The sums of the lines, added up in their order. */
    private static void writeLines(PointwiseCall call, long sums, long dAlpha, long dShift, long dGamma, long dBeta) {
        int channels = call.channels();
        double[] alpha = new double[channels];
        double[] gamma = new double[channels];
        double[] beta = new double[channels];
        double shift = 0;
        for (long n = 0; n < call.outer(); n++) {
            for (int c = 0; c < channels; c++) {
                long line = 4 * (n * channels + c);
                alpha[c] += Memory.f32(sums, line);
                shift += Memory.f32(sums, line + 1);
                gamma[c] += Memory.f32(sums, line + 2);
                beta[c] += Memory.f32(sums, line + 3);
            }
        }
        Memory.write(
                dAlpha,
                call.alphaPerChannel()
                        ? alpha
                        : new double[] {Arrays.stream(alpha).sum()});
        Memory.write(dShift, shift);
        Memory.write(dGamma, gamma);
        Memory.write(dBeta, beta);
    }

    private static boolean lines(PointwiseCall call) {
        return call.inner() > 1;
    }

    private static Staging staging(PointwiseCall call) {
        return new Staging(call.dtype(), lines(call) ? Math.toIntExact(call.inner()) : call.channels());
    }

    private static Cut cut(PointwiseCall call) {
        return lines(call)
                ? Cut.of(call.outer() * call.channels(), call.inner(), 1)
                : Cut.of(call.outer(), call.channels(), LEAST_ROWS);
    }

    private static Parameters parameters(PointwiseCall call, Staging staging, Arena arena) {
        float alpha = Memory.f32Or(call.alpha(), 0, 1);
        float shift = Memory.f32Or(call.shift(), 0, -0f);
        long alphas = call.alphaPerChannel() ? call.alpha() : 0;
        return lines(call)
                ? new Parameters(
                        alpha,
                        onAllLanes(arena, alphas, call.channels()),
                        shift,
                        onAllLanes(arena, call.gamma(), call.channels()),
                        onAllLanes(arena, call.beta(), call.channels()))
                : new Parameters(
                        alpha,
                        staging.parameter(arena, alphas),
                        shift,
                        staging.parameter(arena, call.gamma()),
                        staging.parameter(arena, call.beta()));
    }

    /** For each channel a vector of its value; 0 of 0. */
    private static long onAllLanes(Arena arena, long address, int channels) {
        if (address == 0) {
            return 0;
        }
        long vectors = Staging.zeros(arena, (long) STEP * channels);
        for (int c = 0; c < channels; c++) {
            Lanes.storeF32(Lanes.all(Memory.f32(address, c)), vectors + (long) STEP * c);
        }
        return vectors;
    }
}
