package io.github.dyt4j.lab.bench;

import io.github.dyt4j.kernels.Dtype;
import io.github.dyt4j.torch.NormFunction;
import io.github.dyt4j.torch.NormSpec;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** This project's kernel of one norm on the buffers of a shape, without libtorch around it. */
sealed interface OwnNorm permits OwnPointwise, OwnRowNorm {
    /** Rows on which a kernel's output is held against the formula. */
    int CHECKED_ROWS = 64;

    void forward();

    /** After a forward, whose statistics it reads. */
    void backward();

    /** The norm's formula in f64 over the first rows, written as f32: x and y of {@link #CHECKED_ROWS} rows at most. */
    void oracle(long rows, long x, long y);

    Buffers buffers();

    /**
     * @param state the parameters of a layer of this norm by name, as {@code norm.alpha}
     * @return null for identity
     */
    static @Nullable OwnNorm of(NormSpec spec, Map<String, float[]> state, Buffers b) {
        NormFunction f = spec.function();
        return switch (f) {
            case IDENTITY -> null;
            case LAYERNORM, RMSNORM -> new OwnRowNorm(b, spec, state);
            default -> OwnPointwise.of(spec, state, b);
        };
    }

    default Runnable run(Direction direction) {
        return switch (direction) {
            case FORWARD -> this::forward;
            case BACKWARD -> this::backward;
            case BOTH ->
                () -> {
                    forward();
                    backward();
                };
        };
    }

    /** max |y − oracle| / max |oracle| over the first rows. */
    default double error() {
        Buffers b = buffers();
        forward();
        int rows = (int) Math.min(CHECKED_ROWS, b.shape.rows());
        int n = Math.toIntExact((long) rows * b.shape.width());
        float[] y = b.read(b.y, n);
        try (Buffers wide = new Buffers(new Shape(rows, b.shape.width()), Dtype.F32)) {
            long x = wide.floats(b.read(b.x, n));
            oracle(rows, x, wide.y);
            float[] exact = wide.read(wide.y, n);
            double most = 0;
            double largest = Double.MIN_NORMAL;
            for (int i = 0; i < n; i++) {
                most = Math.max(most, Math.abs((double) y[i] - exact[i]));
                largest = Math.max(largest, Math.abs(exact[i]));
            }
            return most / largest;
        }
    }

    /** The address of a copy of the named parameter in native memory; 0 where the norm has none. */
    static long parameter(Buffers b, Map<String, float[]> state, String name) {
        float[] values = state.get("norm." + name);
        return values == null ? 0 : b.floats(values);
    }
}
