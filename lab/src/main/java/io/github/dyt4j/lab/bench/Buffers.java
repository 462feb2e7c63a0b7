package io.github.dyt4j.lab.bench;

import io.github.dyt4j.formats.UserError;
import io.github.dyt4j.kernels.Dtype;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/**
 * The tensors of one shape in native memory, which all of this project's norms work on in turn: x and dy standard normal, y and dx, and
 * small ones for statistics and gradients of parameters. Every page was written before it is timed. Closing frees them.
 */
final class Buffers implements AutoCloseable {
    /** Tensors of the whole shape that are allotted here. */
    static final int TENSORS = 4;

    private static final int ALIGNMENT = 64;
    /** Values that are drawn; the rest repeats them. A prime, so that columns do not see one value alone. */
    private static final int DRAWN = 65537;

    private final Arena arena = Arena.ofShared();
    final Shape shape;
    final Dtype dtype;
    final long x;
    final long dy;
    final long y;
    final long dx;
    /** Gradients of parameters, a value a channel each. */
    final long dAlpha;

    final long dShift;
    final long dGamma;
    final long dBeta;

    Buffers(Shape shape, Dtype dtype) {
        this.shape = shape;
        this.dtype = dtype;
        try {
            x = normal(7);
            dy = normal(8);
            y = tensor().address();
            dx = tensor().address();
        } catch (OutOfMemoryError e) {
            arena.close();
            throw new UserError(
                    shape + " in " + dtype.name() + " needs more memory outside the heap than this JVM may take: give "
                            + "a smaller --shape, or set DYT4J_JAVA_OPTS=-XX:MaxDirectMemorySize="
                            + (1 + ((shape.size() * dtype.bytes() * TENSORS) >> 30)) + "g.",
                    e);
        }
        dAlpha = floats(shape.width());
        dShift = floats(1);
        dGamma = floats(shape.width());
        dBeta = floats(shape.width());
    }

    /** Zeroed, so that its pages are there. */
    long bytes(long n) {
        return arena.allocate(n, ALIGNMENT).address();
    }

    long floats(long n) {
        return bytes(4 * n);
    }

    /** A copy of values. */
    long floats(float[] values) {
        MemorySegment s = arena.allocate(4L * values.length, ALIGNMENT);
        MemorySegment.copy(values, 0, s, ValueLayout.JAVA_FLOAT, 0, values.length);
        return s.address();
    }

    private MemorySegment tensor() {
        return arena.allocate(shape.size() * dtype.bytes(), ALIGNMENT);
    }

    private long normal(long seed) {
        MemorySegment s = tensor();
        SplittableRandom random = new SplittableRandom(seed);
        long drawn = Math.min(DRAWN, shape.size());
        for (long i = 0; i < drawn; i++) {
            float v = (float) random.nextGaussian();
            if (dtype == Dtype.F32) {
                s.setAtIndex(ValueLayout.JAVA_FLOAT, i, v);
            } else {
                s.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (Float.floatToRawIntBits(v) >>> 16));
            }
        }
        long block = drawn * dtype.bytes();
        for (long at = block; at < s.byteSize(); at += block) {
            MemorySegment.copy(s, 0, s, at, Math.min(block, s.byteSize() - at));
        }
        return s.address();
    }

    /** The first n values at an address of a tensor, exactly. */
    float[] read(long address, int n) {
        MemorySegment s = MemorySegment.ofAddress(address).reinterpret((long) n * dtype.bytes());
        float[] values = new float[n];
        for (int i = 0; i < n; i++) {
            values[i] = dtype == Dtype.F32
                    ? s.getAtIndex(ValueLayout.JAVA_FLOAT, i)
                    : Float.intBitsToFloat(s.getAtIndex(ValueLayout.JAVA_SHORT, i) << 16);
        }
        return values;
    }

    @Override
    public void close() {
        arena.close();
    }
}
