package io.github.dyt4j.kernels;

import static io.github.dyt4j.kernels.Memory.ALL;

import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** Vectors of this machine's width: to and from memory, e^z, and sums over lanes in a fixed order. */
final class Lanes {
    static final VectorSpecies<Float> F32 = FloatVector.SPECIES_PREFERRED;
    static final int COUNT = F32.length();

    private static final VectorSpecies<Integer> INT = F32.withLanes(int.class);
    private static final VectorSpecies<Short> SHORT =
            VectorSpecies.of(short.class, VectorShape.forBitSize(F32.vectorBitSize() / 2));
    static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private Lanes() {}

    static FloatVector loadF32(long address) {
        return FloatVector.fromMemorySegment(F32, ALL, address, ORDER);
    }

    static void storeF32(FloatVector v, long address) {
        v.intoMemorySegment(ALL, address, ORDER);
    }

    static FloatVector loadBf16(long address) {
        var upper = ShortVector.fromMemorySegment(SHORT, ALL, address, ORDER)
                .convertShape(VectorOperators.ZERO_EXTEND_S2I, INT, 0);
        return ((IntVector) upper).lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    /** As {@link Bf16#fromFloat}, all lanes at once. */
    static void storeBf16(FloatVector v, long address) {
        IntVector bits = v.reinterpretAsInts();
        IntVector rounded = bits.add(0x7fff)
                .add(bits.lanewise(VectorOperators.LSHR, 16).and(1))
                .lanewise(VectorOperators.LSHR, 16);
        var nan = v.compare(VectorOperators.NE, v).cast(INT);
        ((ShortVector) rounded.blend(0x7fc0, nan).convertShape(VectorOperators.I2S, SHORT, 0))
                .intoMemorySegment(ALL, address, ORDER);
    }

    static FloatVector all(float value) {
        return FloatVector.broadcast(F32, value);
    }

    /** |magnitude| with the sign bit of {@code sign}. */
    static FloatVector copySign(FloatVector magnitude, FloatVector sign) {
        return magnitude
                .reinterpretAsInts()
                .or(sign.reinterpretAsInts().and(0x80000000))
                .reinterpretAsFloats();
    }

    // e^z = 2ⁿ·(1 + p), n = round(z / ln 2), r = z − n·ln 2 in [−0.35, 0.35], p = e^r − 1 = r + r²·q(r). The
    // coefficients of q
    // minimise the relative error of p: 1.4e-8 in exact arithmetic.
    private static final float Q0 = 0.49999997f;
    private static final float Q1 = 0.16666542f;
    private static final float Q2 = 0.041667204f;
    private static final float Q3 = 0.008366692f;
    private static final float Q4 = 0.0013882489f;

    private static final float LOG2_E = 1.442695f;
    private static final float LN2_HIGH = 0.6933594f;
    private static final float LN2_LOW = -2.1219444e-4f;
    /** 1.5 · 2²³: adding it rounds to an integer, which then stands in the low bits. */
    private static final float ROUND = 12582912f;

    /** e^z for −87.3 ≤ z ≤ 88, to 1.1 ulp; rubbish beyond, NaN for NaN. */
    static FloatVector exp(FloatVector z) {
        FloatVector n = z.fma(all(LOG2_E), all(ROUND));
        FloatVector power = powerOfTwo(n);
        return fraction(z, n).fma(power, power);
    }

    /** e^z − 1 for −87.3 ≤ z ≤ 88, with a small relative error near 0 too; rubbish beyond, NaN for NaN. */
    static FloatVector expm1(FloatVector z) {
        FloatVector n = z.fma(all(LOG2_E), all(ROUND));
        FloatVector power = powerOfTwo(n);
        return fraction(z, n).fma(power, power.sub(1));
    }

    private static FloatVector powerOfTwo(FloatVector n) {
        return n.reinterpretAsInts()
                .lanewise(VectorOperators.LSHL, 23)
                .add(0x3f800000)
                .reinterpretAsFloats();
    }

    private static FloatVector fraction(FloatVector z, FloatVector shifted) {
        FloatVector n = shifted.sub(ROUND);
        FloatVector r = n.fma(all(-LN2_LOW), n.fma(all(-LN2_HIGH), z));
        FloatVector q = r.fma(all(Q4), all(Q3)).fma(r, all(Q2)).fma(r, all(Q1)).fma(r, all(Q0));
        return q.fma(r.mul(r), r);
    }

    private static final VectorShuffle<Float> BY_8 = VectorShuffle.iota(F32, 8, 1, true);
    private static final VectorShuffle<Float> BY_4 = VectorShuffle.iota(F32, 4, 1, true);
    private static final VectorShuffle<Float> BY_2 = VectorShuffle.iota(F32, 2, 1, true);
    private static final VectorShuffle<Float> BY_1 = VectorShuffle.iota(F32, 1, 1, true);

    /** The sum over lanes. {@code reduceLanes} may add in another order after compilation than before it, and so differ in the last bit. */
    static float sum(FloatVector v) {
        FloatVector s = v;
        if (COUNT > 8) {
            s = s.add(s.rearrange(BY_8));
        }
        if (COUNT > 4) {
            s = s.add(s.rearrange(BY_4));
        }
        if (COUNT > 2) {
            s = s.add(s.rearrange(BY_2));
        }
        return s.add(s.rearrange(BY_1)).lane(0);
    }
}
