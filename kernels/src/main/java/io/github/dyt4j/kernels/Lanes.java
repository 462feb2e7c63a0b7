package io.github.dyt4j.kernels;

import static io.github.dyt4j.kernels.Memory.ALL;

import java.nio.ByteOrder;
import jdk.incubator.vector.ByteVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;
import org.jspecify.annotations.Nullable;

/** Vectors of this machine's width: to and from memory, e^z, and sums over lanes in a fixed order. */
final class Lanes {
    static final VectorSpecies<Float> F32 = Species.F32;
    static final int COUNT = F32.length();

    private static final VectorSpecies<Integer> INT = F32.withLanes(int.class);
    private static final VectorSpecies<Short> SHORT =
            VectorSpecies.of(short.class, VectorShape.forBitSize(F32.vectorBitSize() / 2));
    /** As many bytes; null where the species has no such vector. */
    private static final @Nullable VectorSpecies<Byte> BYTES =
            COUNT < 8 ? null : VectorSpecies.of(byte.class, VectorShape.forBitSize(F32.vectorBitSize() / 4));

    static final ByteOrder ORDER = ByteOrder.nativeOrder();

    private Lanes() {}

    static FloatVector loadF32(long address) {
        return FloatVector.fromMemorySegment(F32, ALL, address, ORDER);
    }

    static void storeF32(FloatVector v, long address) {
        v.intoMemorySegment(ALL, address, ORDER);
    }

    static IntVector loadInts(long address) {
        return IntVector.fromMemorySegment(INT, ALL, address, ORDER);
    }

    /** Of pairs of bf16, each in one int, the ones in the low halves. */
    static FloatVector even(IntVector pairs) {
        return pairs.lanewise(VectorOperators.LSHL, 16).reinterpretAsFloats();
    }

    /** And the ones in the high halves. */
    static FloatVector odd(IntVector pairs) {
        return pairs.and(0xffff0000).reinterpretAsFloats();
    }

    /** Writes pairs of bf16 as {@link #even} and {@link #odd} take them apart. */
    static void storePairs(FloatVector even, FloatVector odd, long address) {
        IntVector low = roundToBf16(even).reinterpretAsInts().lanewise(VectorOperators.LSHR, 16);
        roundToBf16(odd).reinterpretAsInts().and(0xffff0000).or(low).intoMemorySegment(ALL, address, ORDER);
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

    /** The nearest bf16 of each lane, ties to even, as f32; NaN stays NaN. */
    static FloatVector roundToBf16(FloatVector v) {
        IntVector bits = v.reinterpretAsInts();
        FloatVector rounded = bits.add(0x7fff)
                .add(bits.lanewise(VectorOperators.LSHR, 16).and(1))
                .and(0xffff0000)
                .reinterpretAsFloats();
        return rounded.blend(v, v.compare(VectorOperators.NE, v));
    }

    /** Cut off to what a signed byte holds; NaN stays NaN. */
    static FloatVector cutToByte(FloatVector v) {
        return v.blend(127, v.compare(VectorOperators.GT, 127)).blend(-128, v.compare(VectorOperators.LT, -128));
    }

    /**
     * 128 + the nearest integer, ties to even, in the low byte, for −128 ≤ v ≤ 127: added to 1.5·2²³, whose own low byte is 0, the integer
     * stands in the low bits.
     */
    static IntVector bytesOf(FloatVector v) {
        return v.add(ROUND + 128).reinterpretAsInts();
    }

    /** Writes the low byte of each lane. */
    static void storeU8(IntVector q, long address) {
        if (BYTES != null) {
            ((ByteVector) q.convertShape(VectorOperators.I2B, BYTES, 0)).intoMemorySegment(ALL, address, ORDER);
        } else {
            for (int lane = 0; lane < COUNT; lane++) {
                Memory.u8(address, lane, q.lane(lane));
            }
        }
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
    static final float ROUND = 12582912f;

    /** e^z for −87.3 ≤ z ≤ 88, to 1.1 ulp; rubbish beyond, NaN for NaN. */
    static FloatVector exp(FloatVector z) {
        FloatVector shifted = z.fma(FloatVector.broadcast(F32, LOG2_E), FloatVector.broadcast(F32, ROUND));
        FloatVector n = shifted.sub(ROUND);
        FloatVector r = n.fma(FloatVector.broadcast(F32, -LN2_LOW), n.fma(FloatVector.broadcast(F32, -LN2_HIGH), z));
        FloatVector q = r.fma(FloatVector.broadcast(F32, Q4), FloatVector.broadcast(F32, Q3))
                .fma(r, FloatVector.broadcast(F32, Q2))
                .fma(r, FloatVector.broadcast(F32, Q1))
                .fma(r, FloatVector.broadcast(F32, Q0));
        FloatVector power = shifted.reinterpretAsInts()
                .lanewise(VectorOperators.LSHL, 23)
                .add(0x3f800000)
                .reinterpretAsFloats();
        return q.fma(r.mul(r), r).fma(power, power);
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
