package io.github.dyt4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.github.dyt4j.kernels.PointwiseCase.Parts;
import io.github.dyt4j.kernels.PointwiseCase.Shape;
import java.lang.foreign.Arena;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Once compiled, no kernel puts vectors on the heap: that is what happens when C2 fails to inline some of a loop, and makes it ten times
 * slower. A vector an element would be 64 bytes for 16 elements, 800 KB here, even if only one in each round of a loop escaped.
 */
final class CompiledTest {
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    private static final int ELEMENTS = 196_608;
    private static final long FEW_BYTES = 400_000;

    private final int before = RowPool.threads();

    @BeforeEach
    void countOneThread() {
        RowPool.threads(1);
    }

    @AfterEach
    void restore() {
        RowPool.threads(before);
    }

    @Test
    void pointwise() {
        PointwiseKernel kernel = new PointwiseVector();
        for (Squash squash : new Squash[] {Squash.TANH, Squash.ERF, Squash.SIGMOID}) {
            for (int inner : new int[] {1, 64}) {
                try (Arena arena = Arena.ofConfined()) {
                    Shape shape = new Shape(ELEMENTS / 96 / inner, 96, inner);
                    Parts parts = new Parts(true, true, true, true, true);
                    PointwiseCase one =
                            PointwiseCase.random(arena, new SplittableRandom(1), squash, Dtype.F32, shape, parts);
                    long x = one.x().address();
                    long y = new Buffer(arena, Dtype.F32, ELEMENTS).address();
                    long sums = new Buffer(arena, Dtype.F32, 96).address();
                    assertFewBytes(squash + " " + shape, () -> {
                        kernel.forward(one.call(), x, y);
                        kernel.backward(one.call(), x, one.dy().address(), y, sums, sums, sums, sums);
                    });
                }
            }
        }
    }

    @Test
    void fusedForms() {
        PointwiseKernel pointwise = new PointwiseVector();
        RowNormKernel rowNorm = new RowNormVector();
        for (Dtype dtype : Dtype.values()) {
            try (Arena arena = Arena.ofConfined()) {
                SplittableRandom random = new SplittableRandom(1);
                long x = new Buffer(arena, dtype, ELEMENTS)
                        .fill(i -> random.nextGaussian())
                        .address();
                long y = new Buffer(arena, dtype, ELEMENTS).address();
                long sum = new Buffer(arena, dtype, ELEMENTS).address();
                long rows = new Buffer(arena, Dtype.F32, 2048).fill(i -> 1).address();
                long channels = new Buffer(arena, Dtype.F32, 96).fill(i -> 1).address();
                long out = new Buffer(arena, Dtype.F32, 96).address();
                for (Accuracy accuracy : Accuracy.values()) {
                    PointwiseCall call = new PointwiseCall(
                            Squash.TANH, dtype, accuracy, 2048, 96, 1, channels, false, 0, channels, channels);
                    assertFewBytes("sum, " + call, () -> {
                        pointwise.addForward(call, x, x, sum, y);
                        pointwise.addBackward(call, sum, x, x, y, out, 0, out, out);
                    });
                    assertFewBytes("bytes, " + call, () -> pointwise.quantize(call, x, y, 1 / 127f));
                }
                for (boolean centered : new boolean[] {true, false}) {
                    RowNormCall call = new RowNormCall(centered, dtype, 2048, 96, 1e-6, channels, 0);
                    assertFewBytes("sum, " + call, () -> {
                        rowNorm.addForward(call, x, x, sum, y, rows, rows);
                        rowNorm.addBackward(call, sum, rows, rows, x, x, y, out, out);
                    });
                    assertFewBytes("bytes, " + call, () -> rowNorm.quantize(call, x, y, rows));
                }
            }
        }
    }

    @Test
    void rowNorm() {
        RowNormKernel kernel = new RowNormVector();
        for (boolean centered : new boolean[] {true, false}) {
            try (Arena arena = Arena.ofConfined()) {
                SplittableRandom random = new SplittableRandom(1);
                long x = new Buffer(arena, Dtype.F32, ELEMENTS)
                        .fill(i -> random.nextGaussian())
                        .address();
                long y = new Buffer(arena, Dtype.F32, ELEMENTS).address();
                long rows = new Buffer(arena, Dtype.F32, 2048).address();
                long sums = new Buffer(arena, Dtype.F32, 96).fill(i -> 1).address();
                RowNormCall call = new RowNormCall(centered, Dtype.F32, 2048, 96, 1e-6, sums, sums);
                assertFewBytes(call.toString(), () -> {
                    kernel.forward(call, x, y, 0, rows);
                    kernel.backward(call, x, rows, rows, x, y, 0, 0);
                });
            }
        }
    }

    @Test
    void fewRows() {
        FewRowsKernel kernel = new FewRowsVector();
        try (Arena arena = Arena.ofConfined()) {
            FewRowsCall call = new FewRowsCall(2, ELEMENTS / 32, 32);
            long x = new Buffer(arena, Dtype.BF16, 2 * 32).fill(_ -> 1).address();
            long w = new Buffer(arena, Dtype.BF16, ELEMENTS).fill(_ -> 1).address();
            long y = new Buffer(arena, Dtype.BF16, 2 * call.out()).address();
            assertFewBytes(call.toString(), () -> kernel.forward(call, x, w, 0, y));
        }
    }

    @Test
    void oneQuery() {
        OneQueryKernel kernel = new OneQueryVector();
        try (Arena arena = Arena.ofConfined()) {
            OneQueryCall call = new OneQueryCall(8, 8, 32, ELEMENTS / 32 / 8, ELEMENTS / 8, 0.1);
            long q = new Buffer(arena, Dtype.BF16, 8 * 32).fill(_ -> 1).address();
            long k = new Buffer(arena, Dtype.BF16, ELEMENTS).fill(_ -> 1).address();
            long y = new Buffer(arena, Dtype.BF16, 8 * 32).address();
            assertFewBytes(call.toString(), () -> kernel.forward(call, q, k, k, y));
        }
    }

    @Test
    void gelu() {
        GeluKernel kernel = new GeluVector();
        for (Dtype dtype : Dtype.values()) {
            try (Arena arena = Arena.ofConfined()) {
                long x = new Buffer(arena, dtype, ELEMENTS)
                        .fill(i -> 4 * Math.sin(i))
                        .address();
                long y = new Buffer(arena, dtype, ELEMENTS).address();
                GeluCall call = new GeluCall(dtype, ELEMENTS);
                assertFewBytes(call.toString(), () -> {
                    kernel.forward(call, x, y);
                    kernel.backward(call, x, x, y);
                });
            }
        }
    }

    /** A vector a token and state would be 64 bytes for 16 of these elements. */
    @Test
    void scan() {
        ScanKernel kernel = new ScanVector();
        ScanCall call = new ScanCall(1, ELEMENTS / 32 / 16, 32, 16);
        try (Arena arena = Arena.ofConfined()) {
            long x = new Buffer(arena, Dtype.F32, ELEMENTS / 16).fill(_ -> 0.5).address();
            long parameters =
                    new Buffer(arena, Dtype.F32, 32 * 16).fill(_ -> -1).address();
            long scalars = new Buffer(arena, Dtype.F32, ELEMENTS / 32).address();
            long kept = new Buffer(arena, Dtype.F32, (int) call.kept()).address();
            long scratch = new Buffer(arena, Dtype.F32, (int) call.scratch()).address();
            long[] out = new long[4];
            Arrays.setAll(out, _ -> new Buffer(arena, Dtype.F32, ELEMENTS / 16).address());
            ScanKernel.Inputs in = new ScanKernel.Inputs(x, x, parameters, scalars, scalars, parameters);
            ScanKernel.Gradients to = new ScanKernel.Gradients(out[1], out[2], 0, out[3], 0, 0);
            assertFewBytes(call.toString(), () -> {
                kernel.forward(call, in, out[0], kept);
                kernel.backward(call, in, kept, x, to, scratch);
            });
        }
    }

    private static void assertFewBytes(String what, Runnable call) {
        ThreadMXBean memory = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        long bytes = Long.MAX_VALUE;
        for (int inARow = 0; inARow < 20 && System.nanoTime() < deadline; inARow = bytes < FEW_BYTES ? inARow + 1 : 0) {
            long start = memory.getCurrentThreadAllocatedBytes();
            call.run();
            bytes = memory.getCurrentThreadAllocatedBytes() - start;
        }
        assertThat(bytes).as("bytes a call of %s", what).isLessThan(FEW_BYTES);
    }
}
