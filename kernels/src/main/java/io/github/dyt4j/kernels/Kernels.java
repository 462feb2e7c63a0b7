package io.github.dyt4j.kernels;

/**
 * The kernels of this machine, chosen once: the vector kernels, or the scalar oracles where the JVM was started without
 * {@code --add-modules jdk.incubator.vector}, which one line on stderr then says.
 */
public final class Kernels {
    private static final boolean VECTOR =
            ModuleLayer.boot().findModule("jdk.incubator.vector").isPresent();
    private static final PointwiseKernel POINTWISE = VECTOR ? Vectors.pointwise() : new PointwiseOracle();
    private static final RowNormKernel ROW_NORM = VECTOR ? Vectors.rowNorm() : new RowNormOracle();
    private static final ScoreKernel SCORES = VECTOR ? Vectors.scores() : new ScoreOracle();
    private static final RotaryKernel ROTARY = VECTOR ? Vectors.rotary() : new RotaryOracle();
    private static final SwiGluKernel SWI_GLU = VECTOR ? Vectors.swiGlu() : new SwiGluOracle();
    private static final GeluKernel GELU = VECTOR ? Vectors.gelu() : new GeluOracle();
    private static final CrossEntropyKernel CROSS_ENTROPY = VECTOR ? Vectors.crossEntropy() : new CrossEntropyOracle();
    private static final AdamWKernel ADAM_W = VECTOR ? Vectors.adamW() : new AdamWOracle();
    private static final FewRowsKernel FEW_ROWS = VECTOR ? Vectors.fewRows() : new FewRowsOracle();
    private static final OneQueryKernel ONE_QUERY = VECTOR ? Vectors.oneQuery() : new OneQueryOracle();
    private static final ScanKernel SCAN = VECTOR ? Vectors.scan() : new ScanOracle();

    static {
        if (!VECTOR) {
            System.err.println("dyt4j: slow scalar kernels in use; start Java with --add-modules jdk.incubator.vector");
        }
    }

    private Kernels() {}

    /** Whether the vector kernels run, and not the oracles. */
    public static boolean hasVectors() {
        return VECTOR;
    }

    /** y = γ·f(αx+s)+β. */
    public static PointwiseKernel pointwise() {
        return POINTWISE;
    }

    /** LayerNorm and RMSNorm. */
    public static RowNormKernel rowNorm() {
        return ROW_NORM;
    }

    /** The middle of attention's backward. */
    public static ScoreKernel scores() {
        return SCORES;
    }

    /** y = x·Wᵀ + b of few rows. */
    public static FewRowsKernel fewRows() {
        return FEW_ROWS;
    }

    /** Attention of a decoder's next token. */
    public static OneQueryKernel oneQuery() {
        return ONE_QUERY;
    }

    /** Rotary positions. */
    public static RotaryKernel rotary() {
        return ROTARY;
    }

    /** silu(g)·u. */
    public static SwiGluKernel swiGlu() {
        return SWI_GLU;
    }

    /** x·Φ(x), Φ by tanh. */
    public static GeluKernel gelu() {
        return GELU;
    }

    /** Cross-entropy of logits. */
    public static CrossEntropyKernel crossEntropy() {
        return CROSS_ENTROPY;
    }

    /** AdamW's step. */
    public static AdamWKernel adamW() {
        return ADAM_W;
    }

    /** The selective scan. */
    public static ScanKernel scan() {
        return SCAN;
    }

    /** The choice in a few words, as "vector 512-bit, 2 threads", for info and reports. */
    public static String description() {
        return VECTOR
                ? "vector " + Vectors.bits() + "-bit, " + threads() + (threads() == 1 ? " thread" : " threads")
                : "scalar f64 oracle, 1 thread";
    }

    /** Threads that a call may use, the caller's among them; the processors by default. Results do not depend on it. */
    public static void threads(int n) {
        RowPool.threads(n);
    }

    /** Threads that a call may use. */
    public static int threads() {
        return RowPool.threads();
    }

    /** A class of its own, so that Kernels loads without the vector module. */
    private static final class Vectors {
        static PointwiseKernel pointwise() {
            return new PointwiseVector();
        }

        static RowNormKernel rowNorm() {
            return new RowNormVector();
        }

        static ScoreKernel scores() {
            return new ScoreVector();
        }

        static FewRowsKernel fewRows() {
            return new FewRowsVector();
        }

        static OneQueryKernel oneQuery() {
            return new OneQueryVector();
        }

        static RotaryKernel rotary() {
            return new RotaryVector();
        }

        static SwiGluKernel swiGlu() {
            return new SwiGluVector();
        }

        static GeluKernel gelu() {
            return new GeluVector();
        }

        static CrossEntropyKernel crossEntropy() {
            return new CrossEntropyVector();
        }

        static AdamWKernel adamW() {
            return new AdamWVector();
        }

        static ScanKernel scan() {
            return new ScanVector();
        }

        static int bits() {
            return Lanes.F32.vectorBitSize();
        }
    }
}
