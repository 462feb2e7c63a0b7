package io.github.dyt4j.kernels;

/**
 * One step of AdamW on {@code count} values.
 *
 * @param scale that the gradient is multiplied by first: what clipping its norm came to, else 1
 * @param rate η/(1 − β1ᵗ)
 * @param keep 1 − η·λ
 * @param root √(1 − β2ᵗ)
 */
public record AdamWCall(
        long count, double scale, double beta1, double beta2, double eps, double rate, double keep, double root) {
    /**
     * @param lr η
     * @param weightDecay λ
     * @param step t, from 1
     */
    public static AdamWCall of(
            long count,
            double scale,
            double beta1,
            double beta2,
            double eps,
            double lr,
            double weightDecay,
            long step) {
        double rate = lr / (1 - Math.pow(beta1, step));
        return new AdamWCall(
                count, scale, beta1, beta2, eps, rate, 1 - lr * weightDecay, Math.sqrt(1 - Math.pow(beta2, step)));
    }
}
