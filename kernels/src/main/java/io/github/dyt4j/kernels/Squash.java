package io.github.dyt4j.kernels;

/**
 * The f of y = γ·f(αx+s)+β, in scalar f64: what every kernel is measured against.
 *
 * <p>tanh, hardtanh, sigmoid and the linear ablation: Zhu et al. 2025, "Transformers without Normalization" (arXiv 2503.10622), section
 * 4 and table 7. erf with a shift: Chen et al. 2025, "Stronger Normalization-Free Transformers" (arXiv 2512.10938). isru: Stollenwerk
 * 2025 (arXiv 2503.21708).
 */
public enum Squash {
    /** f(u) = tanh u, f′(u) = 1 / cosh² u. */
    TANH {
        @Override
        public double value(double u) {
            return Math.tanh(u);
        }

        @Override
        public double slope(double u) {
            double cosh = Math.cosh(u);
            return 1 / (cosh * cosh);
        }
    },
    /** f(u) = erf u = 2/√π ∫₀ᵘ e^(−v²) dv, f′(u) = 2/√π · e^(−u²). */
    ERF {
        @Override
        public double value(double u) {
            return Math.abs(u) >= ERF_IS_ONE ? Math.signum(u) : erfSeries(u);
        }

        @Override
        public double slope(double u) {
            return TWO_OVER_SQRT_PI * Math.exp(-u * u);
        }
    },
    /** f(u) = u / √(1+u²), f′(u) = (1+u²)^(−3/2). */
    ISRU {
        @Override
        public double value(double u) {
            return Double.isInfinite(u) ? Math.signum(u) : u / Math.hypot(1, u);
        }

        @Override
        public double slope(double u) {
            double root = Math.hypot(1, u);
            return 1 / (root * root * root);
        }
    },
    /** f(u) = min(1, max(−1, u)); f′(u) = 0 for |u| ≥ 1 (the ends too, as in torch), else 1. */
    HARDTANH {
        @Override
        public double value(double u) {
            return Math.min(1, Math.max(-1, u));
        }

        @Override
        public double slope(double u) {
            return Math.abs(u) >= 1 ? 0 : 1;
        }
    },
    /** f(u) = 1 / (1 + e^(−u)), f′(u) = f(u)·(1 − f(u)). */
    SIGMOID {
        @Override
        public double value(double u) {
            return 1 / (1 + Math.exp(-u));
        }

        @Override
        public double slope(double u) {
            double e = Math.exp(-Math.abs(u));
            return e / ((1 + e) * (1 + e));
        }
    },
    /** f(u) = u, f′(u) = 1. */
    LINEAR {
        @Override
        public double value(double u) {
            return u;
        }

        @Override
        public double slope(double u) {
            return 1;
        }
    };

    private static final double TWO_OVER_SQRT_PI = 2 / Math.sqrt(Math.PI);
    /** 1 − erf(6) = 2.2e-17, less than half an ulp of 1. */
    private static final double ERF_IS_ONE = 6;

    /** f(u). NaN gives NaN, ±∞ the limit. */
    public abstract double value(double u);

    /** f′(u). */
    public abstract double slope(double u);

    /** erf u = 2/√π · e^(−u²) · Σ 2ⁿ u^(2n+1) / (2n+1)!! (DLMF 7.6.2): every term has the sign of u, so nothing cancels: 1e-15 relative. */
    private static double erfSeries(double u) {
        double term = u;
        double sum = u;
        for (int n = 1; Math.abs(term) > Math.ulp(sum) / 4; n++) {
            term *= 2 * u * u / (2 * n + 1);
            sum += term;
        }
        return TWO_OVER_SQRT_PI * Math.exp(-u * u) * sum;
    }
}
