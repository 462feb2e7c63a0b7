package io.github.dyt4j.kernels;

/** Rotary positions (Su et al. 2021): {@code y_i = x_i·cos − x_{i+d/2}·sin}, {@code y_{i+d/2} = x_{i+d/2}·cos + x_i·sin}, in f32. */
public interface RotaryKernel {
    /** @param cos (T, d/2) f32 of each position's angles; sin likewise */
    void turn(RotaryCall call, long x, long cos, long sin, long y);
}
