package io.github.dyt4j.kernels;

/**
 * So many values, one behind the other.
 *
 * @param dtype of all that is read and written
 */
public record GeluCall(Dtype dtype, long count) {
    public GeluCall {
        if (count < 0) {
            throw new IllegalArgumentException(count + " values");
        }
    }
}
