package io.github.dyt4j.kernels;

import static io.github.dyt4j.kernels.Lanes.all;
import static io.github.dyt4j.kernels.Lanes.copySign;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * f and f′ of {@link Squash} in f32, all lanes at once. {@code core} is the work that both share. Bounds are for normal f32 results;
 * the tests assert them over every exponent and both signs.
 */
sealed interface VectorSquash {
    FloatVector core(FloatVector u);

    FloatVector value(FloatVector u, FloatVector core);

    FloatVector slope(FloatVector u, FloatVector core);

    static VectorSquash of(Squash squash) {
        return switch (squash) {
            case TANH -> new Tanh();
            case ERF -> new Erf();
            case ISRU -> new Isru();
            case HARDTANH -> new Hardtanh();
            case SIGMOID -> new Sigmoid();
            case LINEAR -> new Linear();
        };
    }

    private static VectorMask<Float> beyond(FloatVector u, float limit) {
        return u.abs().compare(VectorOperators.GT, limit);
    }

    /** With m = e^(2|u|) − 1 and r = 1/(m+2): tanh|u| = m·r, tanh′ u = 4·r·(1−r); nothing cancels. f and f′ to 3 ulp. */
    record Tanh() implements VectorSquash {
        /** 2|u| ≤ 88 for {@link Lanes#expm1}. Beyond it f is 1 and f′ < 3e-38. */
        private static final float LIMIT = 44;

        @Override
        public FloatVector core(FloatVector u) {
            FloatVector a = u.abs();
            return Lanes.expm1(a.add(a));
        }

        @Override
        public FloatVector value(FloatVector u, FloatVector m) {
            return copySign(m.mul(reciprocal(m)).blend(1, beyond(u, LIMIT)), u);
        }

        @Override
        public FloatVector slope(FloatVector u, FloatVector m) {
            FloatVector r = reciprocal(m);
            return r.mul(4).mul(all(1).sub(r)).blend(0, beyond(u, LIMIT));
        }

        private static FloatVector reciprocal(FloatVector m) {
            return all(1).div(m.add(2));
        }
    }

    /**
     * erf u = u·P(u²)/Q(u²), P of degree 6 and Q of degree 4 fitted to the least relative error (5.4e-8) for |u| ≤ 3.93, beyond which
     * erf is 1 in f32. f to 6 ulp; f′ = 2/√π·e^(−u²) to 2e-7 absolute and, where e^(−u²) magnifies the rounding of u², to
     * 80 ulp relative.
     */
    record Erf() implements VectorSquash {
        private static final float LIMIT = 3.93f;
        /** f′ < 3e-38 beyond. */
        private static final float SLOPE_LIMIT = 9.3f;

        private static final float TWO_OVER_SQRT_PI = 1.1283792f;

        @Override
        public FloatVector core(FloatVector u) {
            return u.mul(u);
        }

        @Override
        public FloatVector value(FloatVector u, FloatVector w) {
            FloatVector p = w.fma(all(1.9813786e-8f), all(-1.9552144e-6f))
                    .fma(w, all(1.4247805e-4f))
                    .fma(w, all(3.7363397e-3f))
                    .fma(w, all(5.068799e-2f))
                    .fma(w, all(0.20079738f))
                    .fma(w, all(1.1283791f));
            FloatVector q = w.fma(all(9.637813e-4f), all(1.4426095e-2f))
                    .fma(w, all(0.115358084f))
                    .fma(w, all(0.51128364f))
                    .fma(w, all(1));
            return copySign(u.abs().mul(p).div(q).blend(1, beyond(u, LIMIT)), u);
        }

        @Override
        public FloatVector slope(FloatVector u, FloatVector w) {
            return Lanes.exp(w.neg()).mul(TWO_OVER_SQRT_PI).blend(0, beyond(u, SLOPE_LIMIT));
        }
    }

    /** With r = 1/√(1+u²): f = u·r to 3 ulp, f′ = r³ to 7 ulp. */
    record Isru() implements VectorSquash {
        /** u² must not overflow; f rounds to 1 from 4097 on. */
        private static final float LIMIT = 1e18f;

        @Override
        public FloatVector core(FloatVector u) {
            return all(1).div(u.fma(u, all(1)).sqrt());
        }

        @Override
        public FloatVector value(FloatVector u, FloatVector r) {
            return copySign(u.abs().mul(r).blend(1, beyond(u, LIMIT)), u);
        }

        @Override
        public FloatVector slope(FloatVector u, FloatVector r) {
            return r.mul(r).mul(r);
        }
    }

    /** Exact. */
    record Hardtanh() implements VectorSquash {
        @Override
        public FloatVector core(FloatVector u) {
            return u;
        }

        @Override
        public FloatVector value(FloatVector u, FloatVector core) {
            return copySign(u.abs().blend(1, beyond(u, 1)), u);
        }

        @Override
        public FloatVector slope(FloatVector u, FloatVector core) {
            return all(1).blend(0, u.abs().compare(VectorOperators.GE, 1));
        }
    }

    /** With e = e^(−|u|) and q = 1/(1+e): f = q, or e·q for u < 0; f′ = e·q². f to 3 ulp, f′ to 5 ulp; 0 below −87.3 (true value < 1.3e-38). */
    record Sigmoid() implements VectorSquash {
        private static final float LIMIT = 87.3f;

        @Override
        public FloatVector core(FloatVector u) {
            return Lanes.exp(u.abs().neg()).blend(0, beyond(u, LIMIT));
        }

        @Override
        public FloatVector value(FloatVector u, FloatVector e) {
            FloatVector q = all(1).div(e.add(1));
            return q.blend(e.mul(q), u.compare(VectorOperators.LT, 0));
        }

        @Override
        public FloatVector slope(FloatVector u, FloatVector e) {
            FloatVector q = all(1).div(e.add(1));
            return e.mul(q).mul(q);
        }
    }

    /** Exact. */
    record Linear() implements VectorSquash {
        @Override
        public FloatVector core(FloatVector u) {
            return u;
        }

        @Override
        public FloatVector value(FloatVector u, FloatVector core) {
            return u;
        }

        @Override
        public FloatVector slope(FloatVector u, FloatVector core) {
            return all(1);
        }
    }
}
