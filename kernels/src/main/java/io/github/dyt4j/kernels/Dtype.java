package io.github.dyt4j.kernels;

/** What a tensor's elements are stored as. Arithmetic is f32 for both in the vector kernels and f64 in the oracles. */
public enum Dtype {
    /** IEEE 754 binary32. */
    F32(4),
    /** bfloat16: the upper half of a binary32, rounded to nearest even. */
    BF16(2);

    private final int bytes;

    Dtype(int bytes) {
        this.bytes = bytes;
    }

    /** Bytes an element. */
    public int bytes() {
        return bytes;
    }
}
