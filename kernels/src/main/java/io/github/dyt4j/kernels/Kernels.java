package io.github.dyt4j.kernels;

/** The kernels of this machine, chosen once. */
public final class Kernels {
    private static final PointwiseKernel POINTWISE = new PointwiseOracle();
    private static final RowNormKernel ROW_NORM = new RowNormOracle();
    private static volatile int threads = Runtime.getRuntime().availableProcessors();

    private Kernels() {}

    /** y = γ·f(αx+s)+β. */
    public static PointwiseKernel pointwise() {
        return POINTWISE;
    }

    /** LayerNorm and RMSNorm. */
    public static RowNormKernel rowNorm() {
        return ROW_NORM;
    }

    /** The choice in a few words, for info and reports. */
    public static String description() {
        return "scalar, 1 thread";
    }

    /** Threads that a call may use, the caller's among them; the processors by default. Results do not depend on it. */
    public static void threads(int n) {
        if (n < 1) {
            throw new IllegalArgumentException("threads must be 1 or more, got " + n);
        }
        threads = n;
    }

    /** Threads that a call may use. */
    public static int threads() {
        return threads;
    }
}
