package io.github.dyt4j.kernels;

/** bfloat16 is the upper half of a binary32: eight bits of exponent, seven of fraction. */
final class Bf16 {
    private Bf16() {}

    static float toFloat(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /** Rounds to nearest, ties to even; beyond the largest bf16 to infinity; NaN to the quiet NaN 0x7fc0. */
    static short fromFloat(float value) {
        if (Float.isNaN(value)) {
            return 0x7fc0;
        }
        int bits = Float.floatToRawIntBits(value);
        return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
    }
}
