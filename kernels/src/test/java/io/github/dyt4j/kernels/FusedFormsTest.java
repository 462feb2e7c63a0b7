package io.github.dyt4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.lang.foreign.Arena;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Residual sums and eight-bit outputs: against the oracle, and against the plain forms that they fuse. */
final class FusedFormsTest {
    private static final int[] WIDTHS = {1, 3, 16, 31, 48, 100, 192};
    private static final PointwiseKernel POINTWISE = new PointwiseVector();
    private static final RowNormKernel ROW_NORM = new RowNormVector();

    private static Buffer gaussian(Arena arena, RandomGenerator random, Dtype dtype, int size, double scale) {
        return new Buffer(arena, dtype, size).fill(i -> scale * random.nextGaussian());
    }

    private static PointwiseCall pointwise(Arena arena, RandomGenerator random, Squash squash, Dtype dtype, int n) {
        boolean affine = random.nextBoolean();
        return new PointwiseCall(
                squash,
                dtype,
                Accuracy.F32,
                1 + random.nextInt(300),
                n,
                1,
                gaussian(arena, random, Dtype.F32, 1, 1).address(),
                false,
                squash == Squash.ERF ? gaussian(arena, random, Dtype.F32, 1, 1).address() : 0,
                affine ? gaussian(arena, random, Dtype.F32, n, 1).address() : 0,
                affine ? gaussian(arena, random, Dtype.F32, n, 1).address() : 0);
    }

    private static RowNormCall rowNorm(Arena arena, RandomGenerator random, boolean centered, Dtype dtype, int n) {
        boolean affine = random.nextBoolean();
        return new RowNormCall(
                centered,
                dtype,
                1 + random.nextInt(300),
                n,
                1e-6,
                affine ? gaussian(arena, random, Dtype.F32, n, 1).address() : 0,
                affine && centered ? gaussian(arena, random, Dtype.F32, n, 1).address() : 0);
    }

    /** Forward and backward equal the two separate passes: the sum and y to the bit, dx but for the order of its rounding. */
    @ParameterizedTest
    @EnumSource(Squash.class)
    void aPointwiseNormOfASumIsTheSumAndTheNorm(Squash squash) {
        long seed = 51;
        SplittableRandom random = new SplittableRandom(seed);
        for (int trial = 0; trial < 30; trial++) {
            try (Arena arena = Arena.ofConfined()) {
                int n = WIDTHS[random.nextInt(WIDTHS.length)];
                Dtype dtype = random.nextBoolean() ? Dtype.F32 : Dtype.BF16;
                PointwiseCall call = pointwise(arena, random, squash, dtype, n);
                String what = "seed " + seed + " trial " + trial + " " + call;
                Sums sums = new Sums(arena, random, dtype, (int) call.size());
                Buffer[] fused = parameters(arena, n);
                POINTWISE.addForward(call, sums.x(), sums.branch(), sums.sum.address(), sums.y.address());
                POINTWISE.addBackward(
                        call,
                        sums.sum.address(),
                        sums.dy.address(),
                        sums.dSum.address(),
                        sums.dx.address(),
                        fused[0].address(),
                        fused[1].address(),
                        fused[2].address(),
                        fused[3].address());
                Buffer y = new Buffer(arena, dtype, sums.y.size);
                Buffer own = new Buffer(arena, dtype, sums.y.size);
                Buffer[] apart = parameters(arena, n);
                POINTWISE.forward(call, sums.sum.address(), y.address());
                POINTWISE.backward(
                        call,
                        sums.sum.address(),
                        sums.dy.address(),
                        own.address(),
                        apart[0].address(),
                        apart[1].address(),
                        apart[2].address(),
                        apart[3].address());
                sums.assertAre(what, y, own);
                for (int i = 0; i < 4; i++) {
                    fused[i].assertGuards(what);
                    assertThat(fused[i].values()).as(what).isEqualTo(apart[i].values());
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void aRowNormOfASumIsTheSumAndTheNorm(boolean centered) {
        long seed = 52;
        SplittableRandom random = new SplittableRandom(seed);
        for (int trial = 0; trial < 60; trial++) {
            try (Arena arena = Arena.ofConfined()) {
                int n = WIDTHS[random.nextInt(WIDTHS.length)];
                Dtype dtype = random.nextBoolean() ? Dtype.F32 : Dtype.BF16;
                RowNormCall call = rowNorm(arena, random, centered, dtype, n);
                String what = "seed " + seed + " trial " + trial + " " + call;
                int rows = (int) call.rows();
                Sums sums = new Sums(arena, random, dtype, rows * n);
                Buffer mean = new Buffer(arena, Dtype.F32, rows);
                Buffer rstd = new Buffer(arena, Dtype.F32, rows);
                Buffer[] fused = parameters(arena, n);
                ROW_NORM.addForward(
                        call,
                        sums.x(),
                        sums.branch(),
                        sums.sum.address(),
                        sums.y.address(),
                        mean.address(),
                        rstd.address());
                ROW_NORM.addBackward(
                        call,
                        sums.sum.address(),
                        mean.address(),
                        rstd.address(),
                        sums.dy.address(),
                        sums.dSum.address(),
                        sums.dx.address(),
                        fused[2].address(),
                        fused[3].address());
                Buffer y = new Buffer(arena, dtype, sums.y.size);
                Buffer own = new Buffer(arena, dtype, sums.y.size);
                Buffer[] apart = parameters(arena, n);
                ROW_NORM.forward(call, sums.sum.address(), y.address(), mean.address(), rstd.address());
                ROW_NORM.backward(
                        call,
                        sums.sum.address(),
                        mean.address(),
                        rstd.address(),
                        sums.dy.address(),
                        own.address(),
                        apart[2].address(),
                        apart[3].address());
                sums.assertAre(what, y, own);
                for (int i = 2; i < 4; i++) {
                    fused[i].assertGuards(what);
                    assertThat(fused[i].values()).as(what).isEqualTo(apart[i].values());
                }
            }
        }
    }

    /** dα, ds, dγ, dβ. */
    private static Buffer[] parameters(Arena arena, int n) {
        return new Buffer[] {
            new Buffer(arena, Dtype.F32, 1), new Buffer(arena, Dtype.F32, 1),
            new Buffer(arena, Dtype.F32, n), new Buffer(arena, Dtype.F32, n)
        };
    }

    /** The tensors of a residual sum. */
    private static final class Sums {
        final Dtype dtype;
        final Buffer x;
        final Buffer branch;
        final Buffer dy;
        final Buffer dSum;
        final Buffer sum;
        final Buffer y;
        final Buffer dx;

        Sums(Arena arena, RandomGenerator random, Dtype dtype, int size) {
            this.dtype = dtype;
            x = gaussian(arena, random, dtype, size, 2);
            branch = gaussian(arena, random, dtype, size, 1);
            dy = gaussian(arena, random, dtype, size, 1);
            dSum = gaussian(arena, random, dtype, size, 1);
            sum = new Buffer(arena, dtype, size);
            y = new Buffer(arena, dtype, size);
            dx = new Buffer(arena, dtype, size);
        }

        long x() {
            return x.address();
        }

        long branch() {
            return branch.address();
        }

        void assertAre(String what, Buffer separateY, Buffer ownDx) {
            sum.assertGuards(what);
            y.assertGuards(what);
            dx.assertGuards(what);
            double rounding = dtype == Dtype.BF16 ? 1.0 / 128 : 1e-6;
            for (int i = 0; i < sum.size; i++) {
                float added = x.get(i) + branch.get(i);
                assertThat(sum.get(i))
                        .as(what)
                        .isEqualTo(dtype == Dtype.BF16 ? Bf16.toFloat(Bf16.fromFloat(added)) : added);
                float expected = dSum.get(i) + ownDx.get(i);
                float size = Math.abs(dSum.get(i)) + Math.abs(ownDx.get(i));
                assertThat(dx.get(i)).as(what).isCloseTo(expected, within((float) (rounding * size)));
            }
            assertThat(y.values()).as(what).isEqualTo(separateY.values());
        }
    }

    @ParameterizedTest
    @EnumSource(Squash.class)
    void quantizedPointwiseNormsAreTheOraclesBytes(Squash squash) {
        long seed = 53;
        SplittableRandom random = new SplittableRandom(seed);
        for (int trial = 0; trial < 30; trial++) {
            try (Arena arena = Arena.ofConfined()) {
                int n = WIDTHS[random.nextInt(WIDTHS.length)];
                Dtype dtype = random.nextBoolean() ? Dtype.F32 : Dtype.BF16;
                PointwiseCall call = pointwise(arena, random, squash, dtype, n);
                int size = (int) call.size();
                Buffer x = gaussian(arena, random, dtype, size, 2);
                float scale = (random.nextBoolean() ? 1 : 0.3f) / 127;
                byte[] expected = bytes(arena, size, q -> new PointwiseOracle().quantize(call, x.address(), q, scale));
                byte[] actual = bytes(arena, size, q -> POINTWISE.quantize(call, x.address(), q, scale));
                // Where y/scale lies between two integers either may be taken: f32 arithmetic is off by a few
                // millionths.
                Buffer y = new Buffer(arena, Dtype.F32, size);
                Buffer wide = new Buffer(arena, Dtype.F32, size).fill(x::get);
                new PointwiseOracle().forward(inF32(call), wide.address(), y.address());
                for (int i = 0; i < size; i++) {
                    double steps = y.get(i) / (double) scale;
                    boolean tie = Math.abs(Math.abs(steps - Math.rint(steps)) - 0.5) < 1e-5 * (1 + Math.abs(steps));
                    assertThat((actual[i] & 0xff) - (expected[i] & 0xff))
                            .as("seed %d trial %d %s [%d]", seed, trial, call, i)
                            .isBetween(tie ? -1 : 0, tie ? 1 : 0);
                }
            }
        }
    }

    private static PointwiseCall inF32(PointwiseCall c) {
        return new PointwiseCall(
                c.squash(),
                Dtype.F32,
                c.accuracy(),
                c.outer(),
                c.channels(),
                c.inner(),
                c.alpha(),
                c.alphaPerChannel(),
                c.shift(),
                c.gamma(),
                c.beta());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void quantizedRowNormsAreTheOraclesBytes(boolean centered) {
        long seed = 54;
        SplittableRandom random = new SplittableRandom(seed);
        for (int trial = 0; trial < 60; trial++) {
            try (Arena arena = Arena.ofConfined()) {
                int n = WIDTHS[random.nextInt(WIDTHS.length)];
                Dtype dtype = random.nextBoolean() ? Dtype.F32 : Dtype.BF16;
                RowNormCall call = rowNorm(arena, random, centered, dtype, n);
                int rows = (int) call.rows();
                Buffer x = gaussian(arena, random, dtype, rows * n, 2);
                Buffer expectedScales = new Buffer(arena, Dtype.F32, rows);
                Buffer scales = new Buffer(arena, Dtype.F32, rows);
                byte[] expected = bytes(
                        arena,
                        rows * n,
                        q -> new RowNormOracle().quantize(call, x.address(), q, expectedScales.address()));
                byte[] actual = bytes(arena, rows * n, q -> ROW_NORM.quantize(call, x.address(), q, scales.address()));
                String what = "seed " + seed + " trial " + trial + " " + call;
                scales.assertGuards(what);
                int off = 0;
                for (int row = 0; row < rows; row++) {
                    float s = expectedScales.get(row);
                    assertThat(scales.get(row)).as(what).isCloseTo(s, within(2e-5f * s + (n == 1 ? 1e-5f : 0)));
                    for (int c = 0; c < n && !(n == 1 && centered); c++) {
                        int difference = (actual[row * n + c] & 0xff) - (expected[row * n + c] & 0xff);
                        assertThat(difference).as(what).isBetween(-1, 1);
                        off += difference == 0 ? 0 : 1;
                    }
                }
                assertThat(off)
                        .as("bytes on the other side of a tie, %s", what)
                        .isLessThanOrEqualTo(2 + rows * n / 500);
            }
        }
    }

    @Test
    void bytesOfWhatIsNotFinite() {
        try (Arena arena = Arena.ofConfined()) {
            for (int n : new int[] {6, 16, 48}) {
                double[] special = {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 0, -1e-42, 1e-42};
                Buffer x = new Buffer(arena, Dtype.F32, 2 * n).fill(i -> special[i % special.length]);
                PointwiseCall call =
                        new PointwiseCall(Squash.TANH, Dtype.F32, Accuracy.F32, 2, n, 1, 0, false, 0, 0, 0);
                byte[] q = bytes(arena, 2 * n, to -> POINTWISE.quantize(call, x.address(), to, 1 / 127f));
                for (int i = 0; i < 2 * n; i++) {
                    assertThat(q[i] & 0xff).isEqualTo(new int[] {0, 255, 1, 128, 128, 128}[i % special.length]);
                }
                for (boolean centered : new boolean[] {true, false}) {
                    RowNormCall rows = new RowNormCall(centered, Dtype.F32, 2, n, 1e-6, 0, 0);
                    Buffer y = new Buffer(arena, Dtype.F32, 2 * n).fill(i -> i == 1 ? Double.NaN : i < n ? 1 : 0);
                    Buffer scales = new Buffer(arena, Dtype.F32, 2);
                    byte[] b = bytes(arena, 2 * n, to -> ROW_NORM.quantize(rows, y.address(), to, scales.address()));
                    assertThat(scales.get(0)).isNaN();
                    assertThat(scales.get(1)).isZero();
                    for (int i = 0; i < 2 * n; i++) {
                        assertThat(b[i] & 0xff).isEqualTo(i < n ? 0 : 128);
                    }
                }
            }
        }
    }

    /** y may be x, sum may be x or the branch, dx may be any of what backward reads; on rows of whole vectors too, where nothing is copied. */
    @ParameterizedTest
    @EnumSource(Dtype.class)
    void outputsMayLieOnInputs(Dtype dtype) {
        SplittableRandom random = new SplittableRandom(55);
        for (int n : new int[] {32, 37}) {
            int rows = 65;
            try (Arena arena = Arena.ofConfined()) {
                long gamma = gaussian(arena, random, Dtype.F32, n, 1).address();
                PointwiseCall p =
                        new PointwiseCall(Squash.TANH, dtype, Accuracy.F32, rows, n, 1, 0, false, 0, gamma, gamma);
                RowNormCall r = new RowNormCall(true, dtype, rows, n, 1e-6, gamma, gamma);
                Buffer mean = new Buffer(arena, Dtype.F32, rows);
                Buffer rstd = new Buffer(arena, Dtype.F32, rows);
                Buffer out = new Buffer(arena, Dtype.F32, n);
                long m = mean.address();
                long s = rstd.address();
                long o = out.address();
                InPlace[] all = {
                    (x, b, sum, y, dy, dS, dx) -> {
                        POINTWISE.addForward(p, x, b, sum, y);
                        POINTWISE.addBackward(p, sum, dy, dS, dx, 0, 0, o, o);
                    },
                    (x, b, sum, y, dy, dS, dx) -> {
                        ROW_NORM.addForward(r, x, b, sum, y, m, s);
                        ROW_NORM.addBackward(r, sum, m, s, dy, dS, dx, o, 0);
                    },
                    (x, b, sum, y, dy, dS, dx) -> {
                        POINTWISE.forward(p, x, sum);
                        POINTWISE.backward(p, b, dy, dx, 0, 0, 0, 0);
                    },
                    (x, b, sum, y, dy, dS, dx) -> {
                        ROW_NORM.forward(r, x, sum, m, s);
                        ROW_NORM.backward(r, b, m, s, dy, dx, 0, 0);
                    }
                };
                for (int kind = 0; kind < all.length; kind++) {
                    Sums apart = new Sums(arena, new SplittableRandom(56), dtype, rows * n);
                    all[kind].run(
                            apart.x(),
                            apart.branch(),
                            apart.sum.address(),
                            apart.y.address(),
                            apart.dy.address(),
                            apart.dSum.address(),
                            apart.dx.address());
                    for (int target = 0; target < 2; target++) {
                        Sums same = new Sums(arena, new SplittableRandom(56), dtype, rows * n);
                        Buffer sum = same.x;
                        Buffer dx = target == 0 ? same.dy : kind < 2 ? same.dSum : same.branch;
                        all[kind].run(
                                same.x(),
                                same.branch(),
                                sum.address(),
                                same.y.address(),
                                same.dy.address(),
                                same.dSum.address(),
                                dx.address());
                        String what = "kind " + kind + " target " + target + " width " + n;
                        assertThat(sum.values()).as(what).isEqualTo(apart.sum.values());
                        assertThat(dx.values()).as(what).isEqualTo(apart.dx.values());
                    }
                }
            }
        }
    }

    private interface InPlace {
        void run(long x, long branch, long sum, long y, long dy, long dSum, long dx);
    }

    /** Where nothing reaches the sum past the norm, backward is the norm's own. */
    @Test
    void withoutAGradientPastTheNormBackwardIsTheNormsOwn() {
        SplittableRandom random = new SplittableRandom(57);
        try (Arena arena = Arena.ofConfined()) {
            Buffer x = gaussian(arena, random, Dtype.F32, 5 * 32, 1);
            Buffer dy = gaussian(arena, random, Dtype.F32, 5 * 32, 1);
            Buffer rstd = new Buffer(arena, Dtype.F32, 5).fill(i -> 1);
            Buffer plain = new Buffer(arena, Dtype.F32, 5 * 32);
            Buffer added = new Buffer(arena, Dtype.F32, 5 * 32);
            PointwiseCall p = new PointwiseCall(Squash.TANH, Dtype.F32, Accuracy.F32, 5, 32, 1, 0, false, 0, 0, 0);
            for (PointwiseKernel kernel : new PointwiseKernel[] {POINTWISE, new PointwiseOracle()}) {
                kernel.backward(p, x.address(), dy.address(), plain.address(), 0, 0, 0, 0);
                kernel.addBackward(p, x.address(), dy.address(), 0, added.address(), 0, 0, 0, 0);
                assertThat(added.values()).isEqualTo(plain.values());
            }
            RowNormCall r = new RowNormCall(false, Dtype.F32, 5, 32, 1e-6, 0, 0);
            for (RowNormKernel kernel : new RowNormKernel[] {ROW_NORM, new RowNormOracle()}) {
                kernel.backward(r, x.address(), 0, rstd.address(), dy.address(), plain.address(), 0, 0);
                kernel.addBackward(r, x.address(), 0, rstd.address(), dy.address(), 0, added.address(), 0, 0);
                assertThat(added.values()).isEqualTo(plain.values());
            }
        }
    }

    /** Rows so small that 127/max|y| is beyond f32. */
    @Test
    void bytesOfTinyRows() {
        try (Arena arena = Arena.ofConfined()) {
            for (int n : new int[] {6, 48}) {
                double[] tiny = {1e-40, 0, -1e-40, 5e-41, -0.0, 1e-42};
                Buffer x = new Buffer(arena, Dtype.F32, n).fill(i -> tiny[i % tiny.length]);
                RowNormCall call = new RowNormCall(false, Dtype.F32, 1, n, 1e-6, 0, 0);
                Buffer scale = new Buffer(arena, Dtype.F32, 1);
                byte[] q = bytes(arena, n, to -> ROW_NORM.quantize(call, x.address(), to, scale.address()));
                byte[] expected =
                        bytes(arena, n, to -> new RowNormOracle().quantize(call, x.address(), to, scale.address()));
                assertThat(expected[0] & 0xff).isEqualTo(255);
                for (int i = 0; i < n; i++) {
                    assertThat(q[i] & 0xff).isCloseTo(expected[i] & 0xff, within(1));
                }
            }
        }
    }

    @Test
    void channelsFirstAndScalesThatAreNoneAreRefused() {
        PointwiseCall lines = new PointwiseCall(Squash.TANH, Dtype.F32, Accuracy.F32, 1, 2, 3, 0, false, 0, 0, 0);
        assertThatThrownBy(() -> POINTWISE.quantize(lines, 1, 1, 1)).hasMessageContaining("channels-first");
        assertThatThrownBy(() -> POINTWISE.addForward(lines, 1, 1, 1, 1)).hasMessageContaining("channels-first");
        PointwiseCall last = new PointwiseCall(Squash.TANH, Dtype.F32, Accuracy.F32, 1, 2, 1, 0, false, 0, 0, 0);
        assertThatThrownBy(() -> POINTWISE.quantize(last, 1, 1, 0)).hasMessageContaining("scale");
    }

    interface Write {
        void to(long address);
    }

    /** What was written, between two guards that still stand. */
    static byte[] bytes(Arena arena, int size, Write write) {
        int guard = 64;
        long address = arena.allocate(size + 2 * guard, 64).address();
        for (int i = 0; i < size + 2 * guard; i++) {
            Memory.u8(address, i, 77);
        }
        write.to(address + guard);
        byte[] written = new byte[size];
        for (int i = 0; i < size; i++) {
            written[i] = (byte) Memory.u8(address, guard + i);
        }
        for (int i = 0; i < guard; i++) {
            assertThat(Memory.u8(address, i)).isEqualTo(77);
            assertThat(Memory.u8(address, guard + size + i)).isEqualTo(77);
        }
        return written;
    }
}
