package io.github.dyt4j.kernels;

import static io.github.dyt4j.kernels.Lanes.COUNT;

import io.github.dyt4j.kernels.PointwisePasses.Cycle;
import io.github.dyt4j.kernels.PointwisePasses.Kind;
import io.github.dyt4j.kernels.PointwisePasses.Parameters;
import io.github.dyt4j.kernels.PointwisePasses.Sums;
import io.github.dyt4j.kernels.PointwisePasses.Wanted;
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
    /** Least vectors of a round through the parameters: a short inner loop spends itself on beginning and ending. */
    private static final int LEAST_ROUND = 64;
    /** Least rows of a block: adding up the blocks' dγ and dβ is to cost little beside. */
    private static final int LEAST_ROWS = 64;

    @Override
    public void forward(PointwiseCall call, long x, long y) {
        forward(call, Kind.forward(call, false), new long[] {x, 0}, new long[] {0, y});
    }

    @Override
    public void addForward(PointwiseCall call, long x, long branch, long sum, long y) {
        requireLastAxis(call);
        forward(call, Kind.forward(call, true), new long[] {x, branch}, new long[] {sum, y});
    }

    /** in: x, branch; out: sum, y. */
    private static void forward(PointwiseCall call, Kind kind, long[] in, long[] out) {
        PointwisePasses passes = PointwisePasses.of(kind);
        Staging staging = staging(call);
        int vectors = staging.padded() / COUNT;
        long stride = (long) STEP * vectors;
        try (Arena arena = Arena.ofConfined()) {
            Parameters p = parameters(call, staging, arena);
            if (lines(call)) {
                staging.run(cut(call), in, out, (b, first, rows, from, to) -> {
                    for (int row = 0; row < rows; row++) {
                        long at = row * stride;
                        passes.forward(p, channel(call, first + row), from[0] + at, 0, 0, to[1] + at, vectors);
                    }
                });
            } else {
                Cycle columns = columns(staging);
                staging.run(
                        cut(call),
                        in,
                        out,
                        (b, first, rows, from, to) -> passes.forward(
                                p, columns, from[0], from[1], to[0], to[1], Math.multiplyExact(rows, vectors)));
            }
        }
    }

    @Override
    public void quantize(PointwiseCall call, long x, long q, float scale) {
        requireLastAxis(call);
        if (!(scale > 0) || Float.isInfinite(1 / scale)) {
            throw new IllegalArgumentException(
                    "the scale of q must be positive, and so must what 1/scale is in f32; got " + scale);
        }
        PointwisePasses passes = PointwisePasses.of(Kind.bytes(call, scale));
        Staging staging = staging(call);
        int vectors = staging.padded() / COUNT;
        Cycle columns = columns(staging);
        try (Arena arena = Arena.ofConfined()) {
            Parameters p = parameters(call, staging, arena);
            staging.runToBytes(
                    cut(call),
                    x,
                    q,
                    (b, first, rows, from, to) ->
                            passes.quantize(p, columns, from[0], to[0], scale, Math.multiplyExact(rows, vectors)));
        }
    }

    /** How many times the parameters of narrow rows stand behind each other, so that several rows make a round. */
    private static int repeats(Staging staging) {
        return Math.ceilDiv(LEAST_ROUND, staging.padded() / COUNT);
    }

    private static Cycle columns(Staging staging) {
        return new Cycle(0, STEP, repeats(staging) * staging.padded() / COUNT);
    }

    private static void requireLastAxis(PointwiseCall call) {
        if (lines(call)) {
            throw new IllegalArgumentException("channels-first has no fused form of this: inner is " + call.inner());
        }
    }

    @Override
    public void backward(
            PointwiseCall call, long x, long dy, long dx, long dAlpha, long dShift, long dGamma, long dBeta) {
        Kind kind = Kind.backward(call, false, new Wanted(dx != 0, dShift != 0, dGamma != 0, dBeta != 0));
        if (lines(call)) {
            backwardLines(call, kind, x, dy, dx, dAlpha, dShift, dGamma, dBeta);
        } else {
            backwardColumns(call, kind, new long[] {x, dy, 0}, dx, dAlpha, dShift, dGamma, dBeta);
        }
    }

    @Override
    public void addBackward(
            PointwiseCall call,
            long sum,
            long dy,
            long dSum,
            long dx,
            long dAlpha,
            long dShift,
            long dGamma,
            long dBeta) {
        requireLastAxis(call);
        Kind kind = Kind.backward(call, dSum != 0, new Wanted(dx != 0, dShift != 0, dGamma != 0, dBeta != 0));
        backwardColumns(call, kind, new long[] {sum, dy, dSum}, dx, dAlpha, dShift, dGamma, dBeta);
    }

    /** in: x, dy, dSum. */
    private static void backwardColumns(
            PointwiseCall call, Kind kind, long[] in, long dx, long dAlpha, long dShift, long dGamma, long dBeta) {
        PointwisePasses passes = PointwisePasses.of(kind);
        Staging staging = staging(call);
        int vectors = staging.padded() / COUNT;
        Cycle columns = columns(staging);
        Cut cut = cut(call);
        int n = call.channels();
        try (Arena arena = Arena.ofConfined()) {
            Parameters p = parameters(call, staging, arena);
            int round = repeats(staging) * staging.padded();
            BlockSums sums = new BlockSums(arena, cut.blocks(), call.alphaPerChannel() ? round : 1, 1, round, round);
            staging.run(cut, in, new long[] {dx}, (b, first, rows, from, to) -> {
                Sums here = new Sums(sums.of(b, 0), sums.of(b, 1), sums.of(b, 2), sums.of(b, 3));
                passes.backward(p, columns, from[0], from[1], from[2], to[0], Math.multiplyExact(rows, vectors), here);
            });
            sums.total(cut.blocks());
            if (call.alphaPerChannel()) {
                sums.writeFolded(0, dAlpha, n, staging.padded(), repeats(staging));
            } else {
                sums.writeOverLanes(0, dAlpha);
            }
            sums.writeOverLanes(1, dShift);
            sums.writeFolded(2, dGamma, n, staging.padded(), repeats(staging));
            sums.writeFolded(3, dBeta, n, staging.padded(), repeats(staging));
        }
    }

    private static void backwardLines(
            PointwiseCall call,
            Kind kind,
            long x,
            long dy,
            long dx,
            long dAlpha,
            long dShift,
            long dGamma,
            long dBeta) {
        PointwisePasses passes = PointwisePasses.of(kind);
        Staging staging = staging(call);
        int vectors = staging.padded() / COUNT;
        long stride = (long) STEP * vectors;
        Cut cut = cut(call);
        try (Arena arena = Arena.ofConfined()) {
            Parameters p = parameters(call, staging, arena);
            BlockSums lanes = new BlockSums(arena, cut.blocks(), 1, 1, 1, 1);
            long sums = Staging.zeros(arena, 16 * cut.rows());
            staging.run(cut, new long[] {x, dy}, new long[] {dx}, (b, first, rows, from, to) -> {
                for (int row = 0; row < rows; row++) {
                    long at = row * stride;
                    Cycle channel = channel(call, first + row);
                    // The sums' addresses are column 0's, the channel's own column is where this line's lanes are.
                    long alpha = lanes.of(b, 0) - (call.alphaPerChannel() ? channel.begin() : 0);
                    Sums here = new Sums(
                            alpha, lanes.of(b, 1), lanes.of(b, 2) - channel.begin(), lanes.of(b, 3) - channel.begin());
                    lanes.clear(b);
                    passes.backward(
                            p, channel, from[0] + at, from[1] + at, 0, to[0] == 0 ? 0 : to[0] + at, vectors, here);
                    for (int i = 0; i < 4; i++) {
                        Memory.f32(sums, 4 * (first + row) + i, Lanes.sum(Lanes.loadF32(lanes.of(b, i))));
                    }
                }
            });
            writeLines(call, sums, dAlpha, dShift, dGamma, dBeta);
        }
    }

    /** The vector of a line's channel for the whole line. */
    private static Cycle channel(PointwiseCall call, long line) {
        return new Cycle(STEP * (line % call.channels()), 0, Integer.MAX_VALUE / 2);
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
                        staging.parameter(arena, alphas, repeats(staging)),
                        shift,
                        staging.parameter(arena, call.gamma(), repeats(staging)),
                        staging.parameter(arena, call.beta(), repeats(staging)));
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
