package io.github.dyt4j.kernels;

import static io.github.dyt4j.kernels.Lanes.COUNT;

import java.lang.foreign.Arena;

/**
 * {@link ScanKernel}, vectorised over channels, a group of channels of a sequence a thread's work. Forward keeps the state before each chunk
 * of tokens; backward goes over the chunks from the last, computes a chunk's states again and walks back through them. Sums are over
 * the tokens of a chunk, then chunks, sequences and groups in their order, so the number of threads changes no bit.
 */
public final class ScanVector implements ScanKernel {
    private static final long VECTOR = 4L * COUNT;
    /** Values of a block when the groups' sums are added up. */
    private static final int VALUES = 1 << 14;

    @Override
    public void forward(ScanCall call, Inputs in, long y, long kept) {
        RowPool.run(Math.toIntExact(call.batch() * call.groups()), task -> {
            try (Arena arena = Arena.ofConfined()) {
                Group group = new Group(arena, call, in, task);
                long out = group.tile(arena);
                for (long k = 0; k < call.chunks(); k++) {
                    int rows = group.load(k);
                    for (int v = 0; v < group.vectors; v++) {
                        group.keep(kept, k, v);
                        ScanLoop.forward(rows, group.tiles(v), group.parameters(v), out + v * VECTOR);
                    }
                    group.store(out, y, k);
                }
            }
        });
    }

    @Override
    public void backward(ScanCall call, Inputs in, long kept, long dy, Gradients out, long scratch) {
        long values = call.batch() * call.groups() * call.length() * call.states();
        long dB = scratch;
        long dC = dB + 4 * values;
        long dA = dC + 4 * values;
        long dD = dA + 4 * call.batch() * call.channels() * call.states();
        RowPool.run(Math.toIntExact(call.batch() * call.groups()), task -> {
            try (Arena arena = Arena.ofConfined()) {
                Group group = new Group(arena, call, in, task);
                ScanLoop.Reverse reverse = group.reverse(arena);
                for (long k = call.chunks() - 1; k >= 0; k--) {
                    int rows = group.load(k);
                    group.loadInto(reverse.dy(), dy, k);
                    for (int v = 0; v < group.vectors; v++) {
                        group.restore(kept, k, v, reverse.states());
                        ScanLoop.again(rows, group.tiles(v), group.parameters(v), reverse);
                        ScanLoop.backward(rows, group.tiles(v), group.parameters(v), group.of(reverse, v));
                    }
                    group.store(reverse.du(), out.u(), k);
                    group.store(reverse.dDelta(), out.delta(), k);
                    long at = 4 * ((task * call.length() + k * call.chunk()) * call.states());
                    ScanLoop.sumLanes(reverse.dB(), dB + at, rows * call.states());
                    ScanLoop.sumLanes(reverse.dC(), dC + at, rows * call.states());
                }
                group.storeSums(reverse, dA, dD);
            }
        });
        addGroups(call, dB, out.b());
        addGroups(call, dC, out.c());
        addSequences(call.batch(), (long) call.channels() * call.states(), dA, out.a());
        addSequences(call.batch(), call.channels(), dD, out.d());
    }

    /** (B, groups, L·N) to (B, L·N). */
    private static void addGroups(ScanCall call, long parts, long to) {
        if (to == 0) {
            return;
        }
        long n = call.length() * call.states();
        int blocks = Math.toIntExact(Math.ceilDiv(n, (long) VALUES));
        for (long s = 0; s < call.batch(); s++) {
            long from = parts + 4 * s * call.groups() * n;
            long sum = to + 4 * s * n;
            RowPool.run(blocks, block -> {
                long first = (long) block * VALUES;
                ScanLoop.add(from + 4 * first, 4 * n, call.groups(), sum + 4 * first, Math.min(VALUES, n - first));
            });
        }
    }

    private static void addSequences(long sequences, long values, long parts, long to) {
        if (to != 0) {
            ScanLoop.add(parts, 4 * values, sequences, to, values);
        }
    }

    /** One sequence's group of channels: its parameters with a row a state, and a chunk of its inputs, padded to whole vectors with zeros. */
    private static final class Group {
        final int vectors;
        private final ScanCall call;
        private final Inputs in;
        private final long sequence;
        private final int first;
        private final int width;
        private final long rowBytes;
        private final long u;
        private final long delta;
        private final long a;
        private final long d;
        private final long h;
        private int rows;
        private long b;
        private long c;

        Group(Arena arena, ScanCall call, Inputs in, int task) {
            this.call = call;
            this.in = in;
            sequence = task / call.groups();
            first = task % call.groups() * call.group();
            width = Math.min(call.group(), call.channels() - first);
            vectors = Math.ceilDiv(width, COUNT);
            rowBytes = vectors * VECTOR;
            u = tile(arena);
            delta = tile(arena);
            h = Staging.zeros(arena, rowBytes * call.states());
            a = Staging.zeros(arena, rowBytes * call.states());
            d = Staging.zeros(arena, rowBytes);
            Staging.copy(in.d() + 4L * first, d, 4L * width);
            for (int i = 0; i < width; i++) {
                for (int n = 0; n < call.states(); n++) {
                    Memory.f32(a, parameter(i, n), Memory.f32(in.a(), (long) (first + i) * call.states() + n));
                }
            }
        }

        /** Where a channel's state is among the group's: by vector, state, lane. */
        private long parameter(int channel, int state) {
            return ((long) (channel / COUNT) * call.states() + state) * COUNT + channel % COUNT;
        }

        long tile(Arena arena) {
            return Staging.zeros(arena, rowBytes * call.chunk());
        }

        private long row(long chunk) {
            return sequence * call.length() + chunk * call.chunk();
        }

        /** Brings a chunk's inputs here; returns its tokens. */
        int load(long chunk) {
            rows = (int) Math.min(call.chunk(), call.length() - chunk * call.chunk());
            loadInto(u, in.u(), chunk);
            loadInto(delta, in.delta(), chunk);
            b = in.b() + 4 * row(chunk) * call.states();
            c = in.c() + 4 * row(chunk) * call.states();
            return rows;
        }

        void loadInto(long tile, long from, long chunk) {
            long outside = 4L * call.channels();
            ScanLoop.copy(from + row(chunk) * outside + 4L * first, outside, tile, rowBytes, rows, width);
        }

        void store(long tile, long to, long chunk) {
            if (to != 0) {
                long outside = 4L * call.channels();
                ScanLoop.copy(tile, rowBytes, to + row(chunk) * outside + 4L * first, outside, rows, width);
            }
        }

        ScanLoop.Tiles tiles(int v) {
            return new ScanLoop.Tiles(rowBytes, u + v * VECTOR, delta + v * VECTOR, b, c);
        }

        ScanLoop.Parameters parameters(int v) {
            long at = v * VECTOR * call.states();
            return new ScanLoop.Parameters(call.states(), a + at, d + v * VECTOR, h + at);
        }

        private long kept(long kept, long chunk, int v) {
            long all = Math.ceilDiv(call.channels(), COUNT);
            return kept + VECTOR * call.states() * ((sequence * call.chunks() + chunk) * all + first / COUNT + v);
        }

        void keep(long kept, long chunk, int v) {
            if (kept != 0) {
                long bytes = VECTOR * call.states();
                Staging.copy(h + v * bytes, kept(kept, chunk, v), bytes);
            }
        }

        void restore(long kept, long chunk, int v, long to) {
            Staging.copy(kept(kept, chunk, v), to, VECTOR * call.states());
        }

        ScanLoop.Reverse reverse(Arena arena) {
            long chunk = VECTOR * call.states() * call.chunk();
            return new ScanLoop.Reverse(
                    tile(arena),
                    Staging.zeros(arena, chunk + VECTOR * call.states()),
                    Staging.zeros(arena, chunk),
                    tile(arena),
                    tile(arena),
                    Staging.zeros(arena, rowBytes * call.states()),
                    Staging.zeros(arena, VECTOR * call.states()),
                    Staging.zeros(arena, chunk),
                    Staging.zeros(arena, chunk),
                    Staging.zeros(arena, rowBytes));
        }

        /** The same where the vector's values begin. */
        ScanLoop.Reverse of(ScanLoop.Reverse r, int v) {
            long at = v * VECTOR;
            return new ScanLoop.Reverse(
                    r.dy() + at,
                    r.states(),
                    r.decays(),
                    r.du() + at,
                    r.dDelta() + at,
                    r.dA() + at * call.states(),
                    r.dAChunk(),
                    r.dB(),
                    r.dC(),
                    r.dD() + at);
        }

        void storeSums(ScanLoop.Reverse reverse, long dA, long dD) {
            long at = sequence * call.channels() + first;
            Staging.copy(reverse.dD(), dD + 4 * at, 4L * width);
            for (int i = 0; i < width; i++) {
                for (int n = 0; n < call.states(); n++) {
                    Memory.f32(dA, (at + i) * call.states() + n, Memory.f32(reverse.dA(), parameter(i, n)));
                }
            }
        }
    }
}
