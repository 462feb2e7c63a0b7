package io.github.dyt4j.kernels;

import static io.github.dyt4j.kernels.Lanes.F32;
import static io.github.dyt4j.kernels.Lanes.all;
import static io.github.dyt4j.kernels.Lanes.copySign;

import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;

/**
 * f and f′ of {@link Squash} in f32, all lanes at once: f alone for forward; for backward both, from the {@code core} that they share.
 * Bounds are for normal f32 results;
 * the tests assert them over every exponent and both signs. What is written here is flat and calls the Vector API alone, for the reason
 * that {@link PointwiseLoop} names.
 */
sealed interface VectorSquash {
    /** The sign bit of an f32. */
    int SIGN = 0x80000000;
    /** The bits of 1. */
    int ONE = 0x3f800000;
    /** The bits of 1/2. */
    int HALF = 0x3f000000;

    float TWO_OVER_SQRT_PI = 1.1283792f;

    /** f. */
    default FloatVector value(FloatVector u) {
        return value(u, core(u));
    }

    FloatVector core(FloatVector u);

    /** f too; where it differs from {@link #value(FloatVector)}, within the same bounds. */
    FloatVector value(FloatVector u, FloatVector core);

    FloatVector slope(FloatVector u, FloatVector core);

    static VectorSquash of(Squash squash, Accuracy accuracy) {
        boolean exact = accuracy == Accuracy.F32;
        return switch (squash) {
            case TANH -> exact ? new Tanh() : new TanhBf16();
            case ERF -> exact ? new Erf() : new ErfBf16();
            case ISRU -> new Isru();
            case HARDTANH -> new Hardtanh();
            case SIGMOID -> new Sigmoid();
            case LINEAR -> new Linear();
        };
    }

    private static VectorMask<Float> beyond(FloatVector u, float limit) {
        return u.abs().compare(VectorOperators.GT, limit);
    }

    /**
     * tanh u = u·P(u²)/Q(u²), P and Q of degree 4 fitted to the least relative error (7e-9) for |u| ≤ 8 and never above 1 in f32; beyond 8
     * it is 1 (3.8 ulp off at 8). f to 5 ulp.
     *
     * <p>1 − f² would leave f′ without a true digit where tanh saturates, so backward takes e^(2|u|) instead: with h = (e^(2|u|) − 1)/2 and
     * r = 1/(h+1), f = h·r and f′ = r·(2−r), where nothing cancels. f′ to 5 ulp for |u| ≤ 4 and to 25 ulp beyond.
     */
    record Tanh() implements VectorSquash {
        private static final float LIMIT_SQUARED = 64;

        @Override
        public FloatVector value(FloatVector u) {
            FloatVector w = u.mul(u);
            FloatVector p = w.fma(FloatVector.broadcast(F32, 1.5292954e-8f), FloatVector.broadcast(F32, 2.1939457e-5f))
                    .fma(w, FloatVector.broadcast(F32, 0.0035743336f))
                    .fma(w, FloatVector.broadcast(F32, 0.13446812f))
                    .fma(w, FloatVector.broadcast(F32, 1f));
            FloatVector q = w.fma(FloatVector.broadcast(F32, 8.5478825e-7f), FloatVector.broadcast(F32, 0.00034157519f))
                    .fma(w, FloatVector.broadcast(F32, 0.02617488f))
                    .fma(w, FloatVector.broadcast(F32, 0.46780142f))
                    .fma(w, FloatVector.broadcast(F32, 1f));
            FloatVector one = u.reinterpretAsInts().and(SIGN).or(ONE).reinterpretAsFloats();
            return u.mul(p).div(q).blend(one, w.compare(VectorOperators.GT, LIMIT_SQUARED));
        }

        /** 2|u| ≤ 88, lest e^(2|u|) overflow. From it on f is 1 and f′ < 3e-38. */
        private static final float LIMIT = 44;

        /** 2/ln 2: e^(2u) = 2^(TWO_LOG2_E·u). */
        private static final float TWO_LOG2_E = 2.88539f;

        /** (2^y − 1)/2 = 2^(n−1)·(1 + g) − 1/2 with y = 2|u|/ln 2, n = round y and g = 2^(y−n) − 1, fitted to 1.1e-8. */
        @Override
        public FloatVector core(FloatVector u) {
            FloatVector any = u.abs();
            FloatVector a = any.blend(LIMIT, any.compare(VectorOperators.GT, LIMIT));
            FloatVector shifted =
                    a.fma(FloatVector.broadcast(F32, TWO_LOG2_E), FloatVector.broadcast(F32, Lanes.ROUND));
            FloatVector z = a.fma(
                    FloatVector.broadcast(F32, TWO_LOG2_E),
                    FloatVector.broadcast(F32, Lanes.ROUND).sub(shifted));
            FloatVector g = z.fma(FloatVector.broadcast(F32, 1.5403512e-4f), FloatVector.broadcast(F32, 1.3390735e-3f))
                    .fma(z, FloatVector.broadcast(F32, 9.618238e-3f))
                    .fma(z, FloatVector.broadcast(F32, 5.5503573e-2f))
                    .fma(z, FloatVector.broadcast(F32, 0.2402265f))
                    .fma(z, FloatVector.broadcast(F32, 0.6931472f))
                    .mul(z);
            FloatVector power = shifted.reinterpretAsInts()
                    .lanewise(VectorOperators.LSHL, 23)
                    .add(HALF)
                    .reinterpretAsFloats();
            return g.fma(power, power.sub(0.5f));
        }

        @Override
        public FloatVector value(FloatVector u, FloatVector h) {
            return h.mul(FloatVector.broadcast(F32, 1).div(h.add(1)))
                    .reinterpretAsInts()
                    .or(u.reinterpretAsInts().and(SIGN))
                    .reinterpretAsFloats();
        }

        @Override
        public FloatVector slope(FloatVector u, FloatVector h) {
            FloatVector r = FloatVector.broadcast(F32, 1).div(h.add(1));
            return r.mul(FloatVector.broadcast(F32, 2).sub(r));
        }
    }

    /** The same with P of degree 1 and Q of degree 2 for |u| ≤ 4 (3.7e-4 relative), beyond which 1 is 6.7e-4 off. f to 0.25 bf16 ulp; backward as {@link Tanh}, whose f′ has digits where 1 − f² has none. */
    record TanhBf16() implements VectorSquash {
        private static final float LIMIT_SQUARED = 16;
        private static final Tanh EXACT = new Tanh();

        @Override
        public FloatVector value(FloatVector u) {
            FloatVector w = u.mul(u);
            FloatVector p = w.fma(FloatVector.broadcast(F32, 8.265635e-2f), FloatVector.broadcast(F32, 0.9996321f));
            FloatVector q = w.fma(FloatVector.broadcast(F32, 6.5385196e-3f), FloatVector.broadcast(F32, 0.4140209f))
                    .fma(w, FloatVector.broadcast(F32, 1));
            FloatVector one = u.reinterpretAsInts().and(SIGN).or(ONE).reinterpretAsFloats();
            return u.mul(p).div(q).blend(one, w.compare(VectorOperators.GT, LIMIT_SQUARED));
        }

        @Override
        public FloatVector core(FloatVector u) {
            return EXACT.core(u);
        }

        @Override
        public FloatVector value(FloatVector u, FloatVector h) {
            return EXACT.value(u, h);
        }

        @Override
        public FloatVector slope(FloatVector u, FloatVector h) {
            return EXACT.slope(u, h);
        }
    }

    /**
     * erf u = u·P(u²)/Q(u²), P and Q of degree 5 fitted to the least relative error (1e-8) for |u| ≤ 3.75, beyond which it is 1 (1.9 ulp
     * off at 3.75); both are scaled by 1.4375, where their rounding was found to hurt least. f to 5 ulp; f′ = 2/√π·e^(−u²) to 2e-7 absolute and, where e^(−u²) magnifies the rounding of u², to 80 ulp relative.
     */
    record Erf() implements VectorSquash {
        private static final float LIMIT_SQUARED = 14.0625f;

        @Override
        public FloatVector core(FloatVector u) {
            return u.mul(u);
        }

        @Override
        public FloatVector value(FloatVector u, FloatVector w) {
            FloatVector p = w.fma(FloatVector.broadcast(F32, 3.1612153e-6f), FloatVector.broadcast(F32, 0.00041303042f))
                    .fma(w, FloatVector.broadcast(F32, 0.0050982055f))
                    .fma(w, FloatVector.broadcast(F32, 0.07491583f))
                    .fma(w, FloatVector.broadcast(F32, 0.26501074f))
                    .fma(w, FloatVector.broadcast(F32, 1.6220453f));
            FloatVector q = w.fma(FloatVector.broadcast(F32, 5.7136247e-5f), FloatVector.broadcast(F32, 0.0016138246f))
                    .fma(w, FloatVector.broadcast(F32, 0.020888565f))
                    .fma(w, FloatVector.broadcast(F32, 0.16065298f))
                    .fma(w, FloatVector.broadcast(F32, 0.71402603f))
                    .fma(w, FloatVector.broadcast(F32, 1.4375f));
            FloatVector one = u.reinterpretAsInts().and(SIGN).or(ONE).reinterpretAsFloats();
            return u.mul(p).div(q).blend(one, w.compare(VectorOperators.GT, LIMIT_SQUARED));
        }

        @Override
        public FloatVector slope(FloatVector u, FloatVector w) {
            // 0 where it is below 3e-38
            return Lanes.exp(w.neg()).mul(TWO_OVER_SQRT_PI).blend(0, w.compare(VectorOperators.GT, 86.5f));
        }
    }

    /** erf u = u·P(u²), P of degree 5 for |u| ≤ 2.4 (3.5e-4 relative), beyond which 1 is 6.9e-4 off. f to 0.25 bf16 ulp; backward as {@link Erf}. */
    record ErfBf16() implements VectorSquash {
        private static final float LIMIT_SQUARED = 5.76f;
        private static final Erf EXACT = new Erf();

        @Override
        public FloatVector value(FloatVector u) {
            FloatVector w = u.mul(u);
            FloatVector p = w.fma(FloatVector.broadcast(F32, -9.535393e-5f), FloatVector.broadcast(F32, 2.0722172e-3f))
                    .fma(w, FloatVector.broadcast(F32, -1.9267514e-2f))
                    .fma(w, FloatVector.broadcast(F32, 0.10350996f))
                    .fma(w, FloatVector.broadcast(F32, -0.3715812f))
                    .fma(w, FloatVector.broadcast(F32, 1.1279862f));
            FloatVector one = u.reinterpretAsInts().and(SIGN).or(ONE).reinterpretAsFloats();
            return u.mul(p).blend(one, w.compare(VectorOperators.GT, LIMIT_SQUARED));
        }

        @Override
        public FloatVector core(FloatVector u) {
            return EXACT.core(u);
        }

        @Override
        public FloatVector value(FloatVector u, FloatVector w) {
            return EXACT.value(u, w);
        }

        @Override
        public FloatVector slope(FloatVector u, FloatVector w) {
            return EXACT.slope(u, w);
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
