package io.github.dyt4j.kernels;

/**
 * Vectors (B, H, T, d) to be turned by position, each of d values side by side, wherever they lie.
 *
 * @param in dtype of what is read
 * @param out dtype of what is written: bf16, or f32 of f32
 * @param half d/2
 * @param from how far apart batches, heads and tokens lie that are read, in values
 * @param to the same of what is written
 * @param sign 1 turns, −1 turns back
 */
public record RotaryCall(
        Dtype in, Dtype out, long batch, long heads, long tokens, int half, Strides from, Strides to, int sign) {
    public RotaryCall {
        if (half < 1 || (sign != 1 && sign != -1)) {
            throw new IllegalArgumentException("half a vector of " + half + " values, sign " + sign);
        }
        if (in == Dtype.BF16 && out == Dtype.F32) {
            throw new IllegalArgumentException("bf16 is turned to bf16");
        }
    }

    /** Values from one batch, head or token to the next. */
    public record Strides(long batch, long head, long token) {
        long at(long b, long h, long t) {
            return b * batch + h * head + t * token;
        }
    }
}
